#include "daemon/http/response.h"

namespace mpmd::http {

std::optional<std::uint64_t> Response::body_length() const {
    if (const auto* memory = std::get_if<MemoryBody>(&body)) return memory->bytes.size();
    if (const auto* file = std::get_if<FileBody>(&body)) return file->length;
    if (const auto* source = std::get_if<std::unique_ptr<BodySource>>(&body))
        return (*source)->length();
    return 0;
}

void Response::drop_body() {
    declared_length = body_length();
    omit_length = !declared_length;
    body = std::monostate{};
}

void Response::reset() {
    status = 200;
    close = false;
    headers = {};
    extra.clear();
    body = std::monostate{};
    owner.reset();
    declared_length.reset();
    omit_length = false;
    learned.reset();
}

}  // namespace mpmd::http

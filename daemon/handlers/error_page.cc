#include "daemon/handlers/error_page.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "daemon/http/response_writer.h"

namespace mpmd::handlers {
namespace {

constexpr std::uint16_t kFirst = 300;
constexpr std::uint16_t kLast = 599;
constexpr std::string_view kLines = "Content-Type: text/html; charset=utf-8\r\n";

std::string render(std::uint16_t status) {
    const std::string_view reason = http::reason_phrase(status);
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{0} {1}</title></head>\n"
        "<body><h1>{0} {1}</h1></body></html>\n",
        status, reason);
}

const std::string& page(std::uint16_t status) {
    static const auto pages = [] {
        std::array<std::string, kLast - kFirst + 1> all;
        for (std::uint16_t code = kFirst; code <= kLast; ++code)
            all[code - kFirst] = render(code);
        return all;
    }();
    return pages[status - kFirst];
}

// After these the rest of the input cannot be trusted, or is not wanted.
bool forces_close(std::uint16_t status) {
    switch (status) {
        case 400:
        case 408:
        case 411:
        case 413:
        case 414:
        case 417:
        case 431:
        case 500:
        case 501:
        case 503:
        case 505:
        case 507:
            return true;
        default:
            return false;
    }
}

}  // namespace

void error_page(std::uint16_t status, http::Response& response) {
    response.reset();
    response.status = status;
    response.close = forces_close(status);
    if (status < kFirst || status > kLast || status == 304) return;
    response.headers = kLines;
    response.body = http::MemoryBody{page(status)};
}

void error_page(std::uint16_t status, const http::Request& request, http::Response& response) {
    error_page(status, response);
    if (request.method == http::Method::Head) response.drop_body();
}

}  // namespace mpmd::handlers

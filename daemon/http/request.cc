#include "daemon/http/request.h"

#include "daemon/base/text.h"

namespace mpmd::http {

std::string_view Request::value(FieldId id) const {
    if (!has(id)) return {};
    for (const Field& field : fields) {
        if (field.id == id) return field.value;
    }
    return {};
}

std::optional<std::string_view> Request::value(std::string_view name) const {
    for (const Field& field : fields) {
        if (text::iequals(field.name, name)) return field.value;
    }
    return std::nullopt;
}

unsigned Request::count(FieldId id) const {
    if (!has(id)) return 0;
    unsigned found = 0;
    for (const Field& field : fields)
        found += field.id == id ? 1 : 0;
    return found;
}

void Request::reset() {
    std::vector<Field> storage = std::move(fields);
    storage.clear();
    *this = Request{};
    fields = std::move(storage);
}

}  // namespace mpmd::http

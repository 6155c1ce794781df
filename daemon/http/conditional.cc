#include "daemon/http/conditional.h"

#include <optional>

#include "daemon/base/text.h"
#include "daemon/http/http_date.h"

namespace mpmd::http {
namespace {

constexpr std::uint32_t bit(FieldId id) {
    return 1u << static_cast<unsigned>(id);
}
constexpr std::uint32_t kConditions = bit(FieldId::IfMatch) | bit(FieldId::IfNoneMatch) |
                                      bit(FieldId::IfModifiedSince) |
                                      bit(FieldId::IfUnmodifiedSince);

bool is_weak(std::string_view etag) {
    return etag.starts_with("W/");
}

std::string_view opaque(std::string_view etag) {
    if (is_weak(etag)) etag.remove_prefix(2);
    return etag;
}

bool weakly_equal(std::string_view a, std::string_view b) {
    return opaque(a) == opaque(b);
}

bool strongly_equal(std::string_view a, std::string_view b) {
    return !is_weak(a) && !is_weak(b) && a == b;
}

// Size of the entity tag at the front, 0 when there is none. Commas may be part of a tag.
std::size_t etag_size(std::string_view text) {
    const std::size_t open = is_weak(text) ? 2 : 0;
    if (text.size() <= open || text[open] != '"') return 0;
    const std::size_t close = text.find('"', open + 1);
    return close == std::string_view::npos ? 0 : close + 1;
}

// One line of a list; garbage ends it.
template <class Equal>
bool list_has(std::string_view list, std::string_view have, Equal equal) {
    if (list == "*") return true;
    for (;;) {
        const std::size_t begin = list.find_first_not_of(", \t");
        if (begin == std::string_view::npos) return false;
        list.remove_prefix(begin);
        const std::size_t size = etag_size(list);
        if (size == 0) return false;
        if (equal(list.substr(0, size), have)) return true;
        list.remove_prefix(size);
    }
}

template <class Equal>
bool any_has(const Request& request, FieldId id, std::string_view have, Equal equal) {
    for (const Field& field : request.fields) {
        if (field.id == id && list_has(field.value, have, equal)) return true;
    }
    return false;
}

// True when the field is a date that `modified` is not after. More than one such field is no date.
std::optional<bool> not_after(const Request& request, FieldId id, const Validators& have) {
    if (request.count(id) != 1) return std::nullopt;
    const std::string_view text = request.value(id);
    if (text == have.last_modified) return true;  // what most clients send
    const std::optional<std::int64_t> date = parse_date(text);
    if (!date) return std::nullopt;
    return have.modified <= *date;
}

// Steps 1 and 2 of RFC 9110 13.2.2.
bool has_changed(const Request& request, const Validators& have) {
    if (request.has(FieldId::IfMatch))
        return !any_has(request, FieldId::IfMatch, have.etag, strongly_equal);
    if (!request.has(FieldId::IfUnmodifiedSince)) return false;
    return !not_after(request, FieldId::IfUnmodifiedSince, have).value_or(true);
}

// Steps 3 and 4.
bool is_known(const Request& request, const Validators& have, bool safe) {
    if (request.has(FieldId::IfNoneMatch))
        return any_has(request, FieldId::IfNoneMatch, have.etag, weakly_equal);
    if (!safe || !request.has(FieldId::IfModifiedSince)) return false;
    return not_after(request, FieldId::IfModifiedSince, have).value_or(false);
}

}  // namespace

Condition check_conditions(const Request& request, const Validators& have) {
    if ((request.present & kConditions) == 0) return Condition::Proceed;
    if (has_changed(request, have)) return Condition::Failed;
    const bool safe = request.method == Method::Get || request.method == Method::Head;
    if (!is_known(request, have, safe)) return Condition::Proceed;
    return safe ? Condition::NotModified : Condition::Failed;
}

bool range_still_valid(const Request& request, const Validators& have) {
    if (!request.has(FieldId::IfRange)) return true;
    if (request.count(FieldId::IfRange) != 1) return false;
    const std::string_view text = request.value(FieldId::IfRange);
    if (text.starts_with('"') || is_weak(text)) return strongly_equal(text, have.etag);
    // A date is a strong validator only when the file was not changed lately, which is when our tag
    // is strong too.
    return !is_weak(have.etag) && parse_date(text) == have.modified;
}

}  // namespace mpmd::http

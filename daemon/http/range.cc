#include "daemon/http/range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "daemon/base/text.h"

namespace mpmd::http {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

// Digits only; more than fits is as good as the end of any file.
std::optional<std::uint64_t> position(std::string_view digits) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    return text::parse_uint(digits).value_or(kHuge);
}

RangeChoice suffix(std::uint64_t length, std::uint64_t size) {
    if (length == 0) return {RangeChoice::Kind::Unsatisfiable, 0, 0};
    if (size == 0) return {};  // the last bytes of nothing are all of it
    length = std::min(length, size);
    return {RangeChoice::Kind::Part, size - length, length};
}

}  // namespace

RangeChoice choose_range(std::string_view value, std::uint64_t size) {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || !text::iequals(value.substr(0, equals), "bytes"))
        return {};
    const std::string_view spec = text::trim(value.substr(equals + 1));
    const std::size_t dash = spec.find('-');
    if (dash == std::string_view::npos) return {};  // a list ends here too: its comma is no digit
    const std::optional<std::uint64_t> last = position(spec.substr(dash + 1));
    if (dash == 0) return last ? suffix(*last, size) : RangeChoice{};
    const std::optional<std::uint64_t> first = position(spec.substr(0, dash));
    if (!first || (!last && dash + 1 != spec.size())) return {};
    if (last && *last < *first) return {};
    if (*first >= size) return {RangeChoice::Kind::Unsatisfiable, 0, 0};
    const std::uint64_t end = last && *last < size ? *last + 1 : size;
    return {RangeChoice::Kind::Part, *first, end - *first};
}

}  // namespace mpmd::http

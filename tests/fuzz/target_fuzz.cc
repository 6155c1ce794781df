// Paths and values of strangers: a decoded path stays inside the site and survives a Location line,
// a range lies inside the file, and dates, conditions and hosts are read without harm.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "daemon/http/conditional.h"
#include "daemon/http/http_date.h"
#include "daemon/http/range.h"
#include "daemon/http/target.h"

namespace {

namespace http = mpmd::http;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

void check_path(std::string_view text) {
    const http::DecodedPath decoded = http::decode_path("/" + std::string(text));
    if (decoded.status != 0) return;
    const std::string path = decoded.path + "/";
    require(decoded.path.starts_with('/'), "a path has no slash in front");
    require(path.find("/../") == std::string::npos, "a path leaves its folder");
    require(path.find("/./") == std::string::npos, "a path has a dot segment");
    require(decoded.path.find("//") == std::string::npos, "a path could be read as a host");
    require(decoded.path.find('\0') == std::string::npos, "a path ends early");
    const std::string encoded = http::encode_path(decoded.path);
    require(encoded.find_first_of("\r\n \t?#") == std::string::npos, "a Location breaks its line");
    const http::DecodedPath again = http::decode_path(encoded);
    require(again.status == 0 && again.path == decoded.path, "a Location leads elsewhere");
}

void check_range(std::string_view text, std::uint64_t size) {
    const http::RangeChoice range = http::choose_range(text, size);
    if (range.kind != http::RangeChoice::Kind::Part) return;
    require(range.length > 0 && range.first < size && range.length <= size - range.first,
            "a range leaves the file");
}

void check_date(std::string_view text) {
    const std::optional<std::int64_t> date = http::parse_date(text);
    if (!date) return;
    const auto written = http::format_date(*date);
    require(http::parse_date({written.data(), written.size()}) == date,
            "a date changes when it is written");
}

void check_conditions(std::string_view text) {
    http::Request request;
    request.method = http::Method::Get;
    for (const http::FieldId id :
         {http::FieldId::IfMatch, http::FieldId::IfNoneMatch, http::FieldId::IfRange}) {
        request.fields.push_back({id, "x", text});
        request.present |= 1u << static_cast<unsigned>(id);
    }
    const http::Validators have{"W/\"a,b\"", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777};
    require(text == "*" || http::check_conditions(request, have) == http::Condition::Failed,
            "a weak tag matched");
    require(!http::range_still_valid(request, have), "a part of something weak");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_path(text);
    check_range(text, data[0]);
    check_range(text, UINT64_MAX - data[0]);
    check_date(text);
    check_conditions(text);
    (void)http::valid_host(text);
    http::Request request;
    request.method = static_cast<http::Method>(data[0] % 10);
    request.target = text;
    if (http::split_target(request))
        require(request.raw_path.find('?') == std::string_view::npos, "a query in the path");
    return 0;
}

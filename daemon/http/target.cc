#include "daemon/http/target.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace mpmd::http {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void split_query(std::string_view rest, Request& request) {
    const std::size_t mark = rest.find('?');
    request.raw_path = rest.substr(0, mark);
    if (mark != std::string_view::npos) request.query = rest.substr(mark + 1);
}

bool split_absolute(Request& request) {
    std::string_view rest = request.target;
    const std::size_t scheme = rest.find("://");
    if (scheme == std::string_view::npos) return false;
    const std::string_view name = rest.substr(0, scheme);
    if (!text::iequals(name, "http") && !text::iequals(name, "https")) return false;
    rest.remove_prefix(scheme + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    request.host = rest.substr(0, end);
    if (request.host.empty() || !valid_host(request.host)) return false;
    rest.remove_prefix(end);
    split_query(rest, request);
    if (request.raw_path.empty()) request.raw_path = "/";
    return true;
}

// "/a//b/./../c" -> "/a/c"; false when ".." leaves the root.
bool remove_dot_segments(std::string& path) {
    std::string clean;
    clean.reserve(path.size());
    std::size_t at = 0;
    while (at < path.size()) {  // path[at] is '/'
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment(path.data() + at + 1, end - at - 1);
        const bool last = end == path.size();
        if (segment == "..") {
            const std::size_t parent = clean.rfind('/');
            if (parent == std::string::npos) return false;
            clean.resize(parent);
            if (last) clean += '/';
        } else if (segment.empty() || segment == ".") {
            if (last) clean += '/';
        } else {
            clean.append(path, at, end - at);
        }
        at = end;
    }
    path = std::move(clean);
    return true;
}

// Takes one decoded byte from the front of `rest`: 0, or what to answer.
std::uint16_t take_char(std::string_view& rest, char& c) {
    c = rest.front();
    const bool escaped = c == '%';
    if (escaped) {
        const int high = rest.size() > 2 ? hex_value(rest[1]) : -1;
        const int low = rest.size() > 2 ? hex_value(rest[2]) : -1;
        if (high < 0 || low < 0) return 400;
        c = static_cast<char>(high * 16 + low);
        if (c == '/') return 404;
    }
    rest.remove_prefix(escaped ? 3 : 1);
    return c == '\0' ? 400 : 0;
}

}  // namespace

bool split_target(Request& request) {
    const std::string_view target = request.target;
    if (target.find('#') != std::string_view::npos) return false;
    if (request.method == Method::Connect) {
        request.host = target;
        return !target.empty() && valid_host(target) && target.find(':') != std::string_view::npos;
    }
    if (target.starts_with('/')) {
        split_query(target, request);
        return true;
    }
    if (target == "*") {
        request.raw_path = target;
        return request.method == Method::Options;
    }
    return split_absolute(request);
}

bool valid_host(std::string_view host) {
    std::string_view port;
    if (host.starts_with('[')) {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        const std::string_view address = host.substr(1, end - 1);
        if (!std::all_of(address.begin(), address.end(),
                         [](char c) { return is_alnum(c) || c == ':' || c == '.'; })) {
            return false;
        }
        port = host.substr(end + 1);
    } else {
        const std::size_t colon = std::min(host.find(':'), host.size());
        const std::string_view name = host.substr(0, colon);
        if (!std::all_of(name.begin(), name.end(), [](char c) {
                return is_alnum(c) ||
                       std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
            })) {
            return false;
        }
        port = host.substr(colon);
    }
    if (port.empty()) return true;
    if (port.front() != ':') return false;
    port.remove_prefix(1);
    return port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

DecodedPath decode_path(std::string_view raw_path) {
    DecodedPath result;
    if (!raw_path.starts_with('/')) return {400, {}};
    result.path.reserve(raw_path.size());
    while (!raw_path.empty()) {
        char c = '\0';
        const std::uint16_t status = take_char(raw_path, c);
        if (status != 0) return {status, {}};
        result.path += c;
    }
    if (!remove_dot_segments(result.path)) return {400, {}};
    return result;
}

std::string encode_path(std::string_view path) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    out.reserve(path.size());
    for (const char c : path) {
        if (is_alnum(c) ||
            std::string_view("-._~!$&'()*+,=:@/").find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

std::string_view without_port(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const std::size_t bracket = host.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon))
        return host;
    return host.substr(0, colon);
}

}  // namespace mpmd::http

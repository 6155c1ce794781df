#include "daemon/handlers/cgi_head.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::handlers {

namespace {

constexpr std::size_t kShown = 80;  // of a bad line, in the log

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        const bool alnum =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return alnum ||
               (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
    });
}

bool is_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

// The connection and the message's framing are ours; so are the clock and the name.
bool is_servers(std::string_view name) {
    static constexpr std::string_view kOurs[] = {
        "connection",        "keep-alive", "proxy-connection",
        "transfer-encoding", "te",         "trailer",
        "upgrade",           "date",       "server"};
    return std::any_of(std::begin(kOurs), std::end(kOurs),
                       [&](std::string_view ours) { return text::iequals(name, ours); });
}

struct Fields {
    bool any_cgi_field = false;
    std::optional<std::uint16_t> status;
    std::string location;
};

CgiHead bad(std::string reason) {
    CgiHead head;
    head.result = CgiHead::Result::Bad;
    head.reason = std::move(reason);
    return head;
}

// "404 Not Found", "404". Nothing: not a status that ends a request.
std::optional<std::uint16_t> parse_status(std::string_view value) {
    const std::string_view digits = value.substr(0, 3);
    const auto status = text::parse_uint(digits);
    if (!status || digits.size() != 3 || *status < 200 || *status > 599) return std::nullopt;
    if (value.size() > 3 && value[3] != ' ') return std::nullopt;
    return static_cast<std::uint16_t>(*status);
}

// What is wrong with the line, "" when nothing is.
std::string take_line(std::string_view line, Fields& fields, CgiHead& head) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon == std::string_view::npos ? 0 : colon);
    if (!is_name(name)) return fmt::format("has a malformed line: {}", line.substr(0, kShown));
    const std::string_view value = text::trim(line.substr(colon + 1));
    if (!is_value(value)) return fmt::format("has control characters in its field {}", name);
    if (text::iequals(name, "status")) {
        fields.any_cgi_field = true;
        fields.status = parse_status(value);
        return fields.status ? std::string() : fmt::format("has a wrong Status: {}", value);
    }
    if (text::iequals(name, "content-length")) {
        const auto length = text::parse_uint(value);
        if (!length || (head.content_length && head.content_length != length))
            return fmt::format("has a wrong Content-Length: {}", value);
        head.content_length = length;
        return {};
    }
    if (is_servers(name)) return {};
    if (text::iequals(name, "location")) {
        if (!fields.location.empty()) return "has two fields Location";
        if (value.empty()) return "has an empty Location";
        fields.any_cgi_field = true;
        fields.location = value;
        return {};
    }
    if (text::iequals(name, "content-type")) fields.any_cgi_field = true;
    head.lines += fmt::format("{}: {}\r\n", name, value);
    return {};
}

CgiHead conclude(CgiHead head, Fields fields) {
    if (!fields.any_cgi_field) return bad("has neither Content-Type nor Location nor Status");
    head.result = CgiHead::Result::Complete;
    head.status = fields.status.value_or(fields.location.empty() ? 200 : 302);
    if (fields.location.empty()) return head;
    if (fields.location.front() == '/' && !fields.location.starts_with("//") && !fields.status)
        head.local_redirect = std::move(fields.location);
    else
        head.lines += fmt::format("Location: {}\r\n", fields.location);
    return head;
}

}  // namespace

CgiHead parse_cgi_head(std::string_view bytes, bool ended) {
    CgiHead head;
    Fields fields;
    for (std::string_view rest = bytes.substr(0, kMaxCgiHead);;) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) {
            if (bytes.size() >= kMaxCgiHead)
                return bad(fmt::format("is longer than {} bytes", kMaxCgiHead));
            if (ended)
                return bad(bytes.empty() ? "is missing: it said nothing" : "is not complete");
            return CgiHead{};
        }
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        head.used += end + 1;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) return conclude(std::move(head), std::move(fields));
        if (std::string wrong = take_line(line, fields, head); !wrong.empty())
            return bad(std::move(wrong));
    }
}

}  // namespace mpmd::handlers

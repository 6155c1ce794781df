#include "daemon/http/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace mpmd::http {
namespace {

struct StatusText {
    std::uint16_t status;
    std::string_view line;  // whole status line
};

// clang-format off
#define MPMD_STATUS(code, reason) StatusText{code, "HTTP/1.1 " #code " " reason "\r\n"}
constexpr std::array kStatus = {  // ordered
    MPMD_STATUS(100, "Continue"),               MPMD_STATUS(101, "Switching Protocols"),
    MPMD_STATUS(200, "OK"),                     MPMD_STATUS(201, "Created"),
    MPMD_STATUS(202, "Accepted"),               MPMD_STATUS(203, "Non-Authoritative Information"),
    MPMD_STATUS(204, "No Content"),             MPMD_STATUS(205, "Reset Content"),
    MPMD_STATUS(206, "Partial Content"),        MPMD_STATUS(300, "Multiple Choices"),
    MPMD_STATUS(301, "Moved Permanently"),      MPMD_STATUS(302, "Found"),
    MPMD_STATUS(303, "See Other"),              MPMD_STATUS(304, "Not Modified"),
    MPMD_STATUS(305, "Use Proxy"),              MPMD_STATUS(307, "Temporary Redirect"),
    MPMD_STATUS(308, "Permanent Redirect"),     MPMD_STATUS(400, "Bad Request"),
    MPMD_STATUS(401, "Unauthorized"),           MPMD_STATUS(402, "Payment Required"),
    MPMD_STATUS(403, "Forbidden"),              MPMD_STATUS(404, "Not Found"),
    MPMD_STATUS(405, "Method Not Allowed"),     MPMD_STATUS(406, "Not Acceptable"),
    MPMD_STATUS(407, "Proxy Authentication Required"), MPMD_STATUS(408, "Request Timeout"),
    MPMD_STATUS(409, "Conflict"),               MPMD_STATUS(410, "Gone"),
    MPMD_STATUS(411, "Length Required"),        MPMD_STATUS(412, "Precondition Failed"),
    MPMD_STATUS(413, "Content Too Large"),      MPMD_STATUS(414, "URI Too Long"),
    MPMD_STATUS(415, "Unsupported Media Type"), MPMD_STATUS(416, "Range Not Satisfiable"),
    MPMD_STATUS(417, "Expectation Failed"),     MPMD_STATUS(421, "Misdirected Request"),
    MPMD_STATUS(422, "Unprocessable Content"),  MPMD_STATUS(423, "Locked"),
    MPMD_STATUS(424, "Failed Dependency"),      MPMD_STATUS(425, "Too Early"),
    MPMD_STATUS(426, "Upgrade Required"),       MPMD_STATUS(428, "Precondition Required"),
    MPMD_STATUS(429, "Too Many Requests"),      MPMD_STATUS(431, "Request Header Fields Too Large"),
    MPMD_STATUS(451, "Unavailable For Legal Reasons"), MPMD_STATUS(500, "Internal Server Error"),
    MPMD_STATUS(501, "Not Implemented"),        MPMD_STATUS(502, "Bad Gateway"),
    MPMD_STATUS(503, "Service Unavailable"),    MPMD_STATUS(504, "Gateway Timeout"),
    MPMD_STATUS(505, "HTTP Version Not Supported"), MPMD_STATUS(507, "Insufficient Storage"),
    MPMD_STATUS(511, "Network Authentication Required"),
};
#undef MPMD_STATUS
// clang-format on

constexpr std::size_t kReasonAt = 13;    // "HTTP/1.1 200 "
constexpr std::size_t kFixedRoom = 320;  // everything but server, headers and extra

const StatusText* find_status(std::uint16_t status) {
    const auto* found = std::lower_bound(
        kStatus.begin(), kStatus.end(), status,
        [](const StatusText& entry, std::uint16_t value) { return entry.status < value; });
    return found != kStatus.end() && found->status == status ? found : nullptr;
}

// Appends; the caller has seen to it that there is room.
class Pen {
public:
    explicit Pen(char* at) : begin_(at), at_(at) {}
    void put(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void put(std::uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

private:
    char* begin_;
    char* at_;
};

void put_status(Pen& pen, std::uint16_t status) {
    if (status == 200) return pen.put("HTTP/1.1 200 OK\r\n");
    if (const StatusText* known = find_status(status)) return pen.put(known->line);
    pen.put("HTTP/1.1 ");
    pen.put(std::uint64_t{status});
    pen.put(" Unknown\r\n");
}

void put_length(Pen& pen, const Response& response, const HeadContext& context) {
    if (response.status < 200 || response.status == 204 || response.status == 304 ||
        response.omit_length)
        return;
    const std::optional<std::uint64_t> length =
        response.declared_length ? response.declared_length : response.body_length();
    if (length) {
        pen.put("Content-Length: ");
        pen.put(*length);
        pen.put("\r\n");
    } else if (context.version >= 11) {
        pen.put("Transfer-Encoding: chunked\r\n");
    }
}

void put_persistence(Pen& pen, const Persistence& persistence) {
    if (!persistence.keep_alive) return pen.put("Connection: close\r\n");
    if (!persistence.announce) return;
    pen.put("Keep-Alive: timeout=");
    pen.put(std::uint64_t{persistence.timeout_seconds});
    if (persistence.left) {
        pen.put(", max=");
        pen.put(std::uint64_t{*persistence.left});
    }
    pen.put("\r\nConnection: Keep-Alive\r\n");
}

}  // namespace

std::size_t head_bound(const Response& response, const HeadContext& context) {
    return kFixedRoom + context.date.size() + context.server.size() + response.headers.size() +
           response.extra.size();
}

std::size_t render_head(const Response& response,
                        const HeadContext& context,
                        std::span<char> into) {
    if (into.size() < head_bound(response, context)) return 0;
    Pen pen(into.data());
    put_status(pen, response.status);
    pen.put("Date: ");
    pen.put(context.date);
    if (!context.server.empty()) {
        pen.put("\r\nServer: ");
        pen.put(context.server);
    }
    pen.put("\r\n");
    pen.put(response.headers);
    pen.put(std::string_view(response.extra));
    put_length(pen, response, context);
    put_persistence(pen, context.persistence);
    pen.put("\r\n");
    return pen.size();
}

std::size_t render_chunk_head(std::size_t size, std::span<char> into) {
    char* at = std::to_chars(into.data(), into.data() + 16, size, 16).ptr;
    *at++ = '\r';
    *at++ = '\n';
    return static_cast<std::size_t>(at - into.data());
}

std::string_view reason_phrase(std::uint16_t status) {
    const StatusText* known = find_status(status);
    if (known == nullptr) return "Unknown";
    return known->line.substr(kReasonAt, known->line.size() - kReasonAt - 2);
}

}  // namespace mpmd::http

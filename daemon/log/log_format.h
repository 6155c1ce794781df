#pragma once

// Pure. A CustomLog format, parsed once, and one line made from the facts of one request.
//
//   %%  %a %{c}a %A %h  %l %u  %t %{FORMAT}t  %r %m %U %q %H  %s %>s %<s  %b %B %I %O %S
//   %D %T %{s|ms|us}T  %k  %X  %v %V %p %{local|remote}p  %P %{pid|tid}P  %{NAME}i  %{NAME}o
//
// FORMAT of a time: sec, or text with strftime's %a %b %d %D %e %F %H %m %M %R %s %S %T %y %Y %z.
// A modifier list ("%400,501{User-agent}i", "%!200r") writes "-" unless the status is (not) in it.
// What strangers sent is escaped (\" \\ \xNN), so that a line stays a line. No other directive is
// accepted: what this release does not do is an error, never silently nothing. Thread rule: a
// constant value.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace mpmd::log {

inline constexpr std::string_view kCommon = "%h %l %u %t \"%r\" %>s %b";
inline constexpr std::string_view kCombined =
    "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"";

// Header fields of a message; the log folder knows nothing of HTTP's types.
struct FieldSource {
    const void* object = nullptr;
    // Value of the first field of that name, regardless of case; empty data() when there is none.
    std::string_view (*find)(const void* object, std::string_view name) = nullptr;

    [[nodiscard]] std::string_view operator()(std::string_view name) const {
        return find == nullptr ? std::string_view() : find(object, name);
    }
};

// Views live as long as the call of append_record.
struct Record {
    std::string_view client;  // "198.51.100.7"
    std::string_view local;
    std::uint16_t client_port = 0;
    std::uint16_t local_port = 0;
    std::uint16_t server_port = 0;  // that ServerName names; 0: none, the local one stands for it
    std::string_view time;          // "[04/Mar/2026:14:02:31 +0000]", see format_time
    std::int64_t start_seconds = 0;
    long utc_offset_seconds = 0;
    std::string_view method;
    std::string_view target;
    std::string_view path;
    std::string_view refused_line;  // of a request that is none, as it came: what %r shows
    std::string_view query;
    std::string_view server_name;
    std::string_view host;     // as the client asked
    std::uint8_t version = 0;  // 10 or 11; 0: the request line was never understood
    std::uint16_t status = 0;
    std::uint64_t body_bytes = 0;  // sent, without the head
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t duration_us = 0;
    std::uint32_t keep_alive_requests = 0;  // before this one, on this connection
    bool aborted = false;                   // the client went away before the end
    bool persistent = false;
    int pid = 0;
    int tid = 0;
    FieldSource request_fields;
    FieldSource response_fields;
};

class LogFormat {
public:
    // "common" and "combined" are names; everything else is a format. The error names the position.
    [[nodiscard]] static Result<LogFormat> parse(std::string_view format);
    // Record::local and local_port are asked for.
    [[nodiscard]] bool wants_local() const;
    // One line with its newline.
    void append_record(const Record& record, std::string& line) const;

private:
    enum class Item : std::uint8_t {
        Text,
        Client,
        Local,
        ClientPort,
        LocalPort,
        ServerPort,
        Dash,
        Time,
        TimeFormat,
        RequestLine,
        Method,
        Path,
        Query,
        Protocol,
        Status,
        BodyBytes,
        BodyBytesClf,
        BytesIn,
        BytesOut,
        BytesBoth,
        Microseconds,
        Milliseconds,
        Seconds,
        KeepAliveRequests,
        ConnectionStatus,
        ServerName,
        Host,
        Pid,
        Tid,
        RequestField,
        ResponseField
    };
    struct Part {
        Item item = Item::Text;
        bool negate = false;
        std::vector<std::uint16_t> only;  // statuses; empty: all
        std::string text;                 // literal, field name or time format
    };
    static Result<Part> parse_directive(std::string_view format, std::size_t& at);
    static Result<Part> name_directive(char letter, std::string argument, std::size_t at);
    [[nodiscard]] static std::optional<std::uint64_t> number_of(Item item, const Record& record);
    static void append_part(const Part& part, const Record& record, std::string& line);

    std::vector<Part> parts_;
};

// "[04/Mar/2026:14:02:31 +0000]".
[[nodiscard]] std::string format_time(std::int64_t seconds, long utc_offset_seconds);

}  // namespace mpmd::log

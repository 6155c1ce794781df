#include "daemon/log/log_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::log {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

void append_number(std::string& line, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    line.append(digits.data(), end);
}

[[nodiscard]] constexpr bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void append_escaped(std::string& line, std::string_view text) {
    while (!text.empty()) {
        const auto stop = std::find_if_not(text.begin(), text.end(), is_plain);
        const auto plain = static_cast<std::size_t>(stop - text.begin());
        line.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        line += text::escape(text.substr(0, 1));
        text.remove_prefix(1);
    }
}

void append_or_dash(std::string& line, std::string_view text) {
    if (text.empty())
        line.push_back('-');
    else
        append_escaped(line, text);
}

struct CivilTime {
    std::chrono::year_month_day date{};
    std::chrono::hh_mm_ss<std::chrono::seconds> time{};
    std::chrono::weekday day{};
};

CivilTime civil(std::int64_t seconds, long utc_offset_seconds) {
    const std::chrono::sys_seconds local(std::chrono::seconds(seconds + utc_offset_seconds));
    const auto midnight = std::chrono::floor<std::chrono::days>(local);
    return {std::chrono::year_month_day(midnight),
            std::chrono::hh_mm_ss<std::chrono::seconds>(local - midnight),
            std::chrono::weekday(midnight)};
}

std::string zone(long utc_offset_seconds) {
    const long minutes = std::abs(utc_offset_seconds) / 60;
    return fmt::format("{}{:02}{:02}", utc_offset_seconds < 0 ? '-' : '+', minutes / 60,
                       minutes % 60);
}

// The letters of strftime that %{FORMAT}t takes.
constexpr std::string_view kTimeLetters = "%abdDeFHmMRsSTyYz";

std::string time_part(char letter, const CivilTime& at, const Record& record) {
    const auto day = static_cast<unsigned>(at.date.day());
    const auto month = static_cast<unsigned>(at.date.month());
    const auto year = static_cast<int>(at.date.year());
    const auto hour = at.time.hours().count();
    const auto minute = at.time.minutes().count();
    const auto second = at.time.seconds().count();
    switch (letter) {
        case 'a':
            return std::string(kDays[at.day.c_encoding()]);
        case 'b':
            return std::string(kMonths[month - 1]);
        case 'd':
            return fmt::format("{:02}", day);
        case 'D':
            return fmt::format("{:02}/{:02}/{:02}", month, day, year % 100);
        case 'e':
            return fmt::format("{:2}", day);
        case 'F':
            return fmt::format("{}-{:02}-{:02}", year, month, day);
        case 'H':
            return fmt::format("{:02}", hour);
        case 'm':
            return fmt::format("{:02}", month);
        case 'M':
            return fmt::format("{:02}", minute);
        case 'R':
            return fmt::format("{:02}:{:02}", hour, minute);
        case 's':
            return fmt::format("{}", record.start_seconds);
        case 'S':
            return fmt::format("{:02}", second);
        case 'T':
            return fmt::format("{:02}:{:02}:{:02}", hour, minute, second);
        case 'y':
            return fmt::format("{:02}", year % 100);
        case 'Y':
            return fmt::format("{}", year);
        case 'z':
            return zone(record.utc_offset_seconds);
        default:
            return "%";
    }
}

void append_protocol(std::string& line, std::uint8_t version) {
    line += version == 10 ? "HTTP/1.0" : "HTTP/1.1";
}

void append_request_line(std::string& line, const Record& record) {
    if (!record.refused_line.empty()) return append_escaped(line, record.refused_line);
    if (record.version == 0 && record.target.empty()) {
        append_or_dash(line, record.method);
        return;
    }
    append_escaped(line, record.method);
    line.push_back(' ');
    append_escaped(line, record.target);
    line.push_back(' ');
    append_protocol(line, record.version);
}

void append_time(std::string& line, const Record& record, std::string_view format) {
    if (format == "sec") {
        append_number(line, static_cast<std::uint64_t>(record.start_seconds));
        return;
    }
    const CivilTime at = civil(record.start_seconds, record.utc_offset_seconds);
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] == '%' && i + 1 < format.size())
            line += time_part(format[++i], at, record);
        else
            line.push_back(format[i]);
    }
}

bool is_time_format(std::string_view format) {
    for (std::size_t i = 0; i < format.size(); ++i)
        if (format[i] == '%' &&
            (++i == format.size() || kTimeLetters.find(format[i]) == std::string_view::npos))
            return false;
    return true;
}

}  // namespace

std::string format_time(std::int64_t seconds, long utc_offset_seconds) {
    const CivilTime at = civil(seconds, utc_offset_seconds);
    return fmt::format(
        "[{:02}/{}/{:04}:{:02}:{:02}:{:02} {}]", static_cast<unsigned>(at.date.day()),
        kMonths[static_cast<unsigned>(at.date.month()) - 1], static_cast<int>(at.date.year()),
        at.time.hours().count(), at.time.minutes().count(), at.time.seconds().count(),
        zone(utc_offset_seconds));
}

Result<LogFormat> LogFormat::parse(std::string_view format) {
    if (text::iequals(format, "common")) format = kCommon;
    if (text::iequals(format, "combined")) format = kCombined;
    LogFormat parsed;
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) parsed.parts_.push_back({Item::Text, false, {}, std::move(literal)});
        literal.clear();
    };
    for (std::size_t at = 0; at < format.size();) {
        const char c = format[at];
        if (c == '\\' && at + 1 < format.size()) {
            const char next = format[at + 1];
            literal.push_back(next == 'n' ? '\n' : next == 't' ? '\t' : next);
            at += 2;
        } else if (c == '%' && at + 1 < format.size() && format[at + 1] == '%') {
            literal.push_back('%');
            at += 2;
        } else if (c == '%') {
            end_literal();
            parsed.parts_.push_back(TRY(parse_directive(format, at)));
        } else {
            literal.push_back(c);
            ++at;
        }
    }
    literal.push_back('\n');
    end_literal();
    return parsed;
}

// '%' ['!'] [status {',' status}] ['<' | '>'] ['{' argument '}'] letter
Result<LogFormat::Part> LogFormat::parse_directive(std::string_view format, std::size_t& at) {
    const std::size_t start = at++;
    Part condition;
    std::string argument;
    while (at < format.size()) {
        const char c = format[at];
        if (c == '!') {
            condition.negate = true;
        } else if (c >= '0' && c <= '9') {
            std::uint16_t status = 0;
            const auto [end, error] =
                std::from_chars(format.data() + at, format.data() + format.size(), status);
            if (error != std::errc{})
                return fail(Error::text(
                    fmt::format("log format: a status is too large at character {}", at + 1)));
            condition.only.push_back(status);
            at = static_cast<std::size_t>(end - format.data());
            continue;
        } else if (c == '{') {
            const std::size_t close = format.find('}', at);
            if (close == std::string_view::npos)
                return fail(Error::text(
                    fmt::format("log format: the brace at character {} is never closed", at + 1)));
            argument = format.substr(at + 1, close - at - 1);
            at = close;
        } else if (c != ',' && c != '<' && c != '>') {
            ++at;
            Part part = TRY(name_directive(c, std::move(argument), start));
            part.negate = condition.negate;
            part.only = std::move(condition.only);
            return part;
        }
        ++at;
    }
    return fail(
        Error::text(fmt::format("log format: '%' at character {} has no letter", start + 1)));
}

Result<LogFormat::Part> LogFormat::name_directive(char letter,
                                                  std::string argument,
                                                  std::size_t at) {
    struct Known {
        char letter;
        std::string_view argument;
        Item item;
    };
    static constexpr Known kKnown[] = {
        {'a', "", Item::Client},
        {'a', "c", Item::Client},
        {'h', "", Item::Client},
        {'h', "c", Item::Client},
        {'A', "", Item::Local},
        {'l', "", Item::Dash},
        {'u', "", Item::Dash},
        {'t', "", Item::Time},
        {'r', "", Item::RequestLine},
        {'m', "", Item::Method},
        {'U', "", Item::Path},
        {'q', "", Item::Query},
        {'H', "", Item::Protocol},
        {'s', "", Item::Status},
        {'b', "", Item::BodyBytesClf},
        {'B', "", Item::BodyBytes},
        {'I', "", Item::BytesIn},
        {'O', "", Item::BytesOut},
        {'S', "", Item::BytesBoth},
        {'D', "", Item::Microseconds},
        {'T', "", Item::Seconds},
        {'T', "s", Item::Seconds},
        {'T', "ms", Item::Milliseconds},
        {'T', "us", Item::Microseconds},
        {'k', "", Item::KeepAliveRequests},
        {'X', "", Item::ConnectionStatus},
        {'v', "", Item::ServerName},
        {'V', "", Item::Host},
        {'p', "", Item::ServerPort},
        {'p', "canonical", Item::ServerPort},
        {'p', "local", Item::LocalPort},
        {'p', "remote", Item::ClientPort},
        {'P', "", Item::Pid},
        {'P', "pid", Item::Pid},
        {'P', "tid", Item::Tid},
    };
    for (const Known& known : kKnown)
        if (known.letter == letter && known.argument == argument)
            return Part{known.item, false, {}, {}};
    if (!argument.empty() && letter == 'i')
        return Part{Item::RequestField, false, {}, std::move(argument)};
    if (!argument.empty() && letter == 'o')
        return Part{Item::ResponseField, false, {}, std::move(argument)};
    if (letter == 't' && !argument.empty() && is_time_format(argument))
        return Part{Item::TimeFormat, false, {}, std::move(argument)};
    return fail(Error::text(fmt::format(
        "log format: the directive %{}{} at character {} is not supported by this release",
        argument.empty() ? "" : "{" + argument + "}", letter, at + 1)));
}

bool LogFormat::wants_local() const {
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& part) {
        return part.item == Item::Local || part.item == Item::LocalPort ||
               part.item == Item::ServerPort;
    });
}

void LogFormat::append_record(const Record& record, std::string& line) const {
    for (const Part& part : parts_) {
        if (part.item == Item::Text) {
            line += part.text;
        } else if (!part.only.empty() &&
                   (std::find(part.only.begin(), part.only.end(), record.status) !=
                    part.only.end()) == part.negate) {
            line.push_back('-');
        } else {
            append_part(part, record, line);
        }
    }
}

std::optional<std::uint64_t> LogFormat::number_of(Item item, const Record& record) {
    switch (item) {
        case Item::ClientPort:
            return record.client_port;
        case Item::LocalPort:
            return record.local_port;
        case Item::ServerPort:
            return record.server_port != 0 ? record.server_port : record.local_port;
        case Item::Status:
            return record.status;
        case Item::BodyBytes:
            return record.body_bytes;
        case Item::BytesIn:
            return record.bytes_in;
        case Item::BytesOut:
            return record.bytes_out;
        case Item::BytesBoth:
            return record.bytes_in + record.bytes_out;
        case Item::Microseconds:
            return record.duration_us;
        case Item::Milliseconds:
            return record.duration_us / 1000;
        case Item::Seconds:
            return record.duration_us / 1'000'000;
        case Item::KeepAliveRequests:
            return record.keep_alive_requests;
        case Item::Pid:
            return static_cast<std::uint64_t>(record.pid);
        case Item::Tid:
            return static_cast<std::uint64_t>(record.tid);
        default:
            return std::nullopt;
    }
}

void LogFormat::append_part(const Part& part, const Record& record, std::string& line) {
    if (const auto number = number_of(part.item, record)) return append_number(line, *number);
    switch (part.item) {
        case Item::Client:
            append_or_dash(line, record.client);
            break;
        case Item::Local:
            append_or_dash(line, record.local);
            break;
        case Item::Dash:
            line.push_back('-');
            break;
        case Item::Time:
            line += record.time;
            break;
        case Item::TimeFormat:
            append_time(line, record, part.text);
            break;
        case Item::RequestLine:
            append_request_line(line, record);
            break;
        case Item::Method:
            append_or_dash(line, record.method);
            break;
        case Item::Path:
            append_or_dash(line, record.path);
            break;
        case Item::Query:
            if (!record.query.empty()) line.push_back('?');
            append_escaped(line, record.query);
            break;
        case Item::Protocol:
            append_protocol(line, record.version);
            break;
        case Item::BodyBytesClf:
            if (record.body_bytes == 0) {
                line.push_back('-');
            } else {
                append_number(line, record.body_bytes);
            }
            break;
        case Item::ConnectionStatus:
            line.push_back(record.aborted ? 'X' : record.persistent ? '+' : '-');
            break;
        case Item::ServerName:
            append_or_dash(line, record.server_name);
            break;
        case Item::Host:
            append_or_dash(line, record.host);
            break;
        case Item::RequestField:
            append_or_dash(line, record.request_fields(part.text));
            break;
        case Item::ResponseField:
            append_or_dash(line, record.response_fields(part.text));
            break;
        default:
            break;
    }
}

}  // namespace mpmd::log

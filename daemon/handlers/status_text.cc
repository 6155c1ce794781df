#include "daemon/handlers/status_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::handlers {

namespace {

void append_entity(std::string& html, char c) {
    switch (c) {
        case '<':
            html += "&lt;";
            break;
        case '>':
            html += "&gt;";
            break;
        case '&':
            html += "&amp;";
            break;
        case '"':
            html += "&quot;";
            break;
        case '\'':
            html += "&#39;";
            break;
        default:
            html += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
}

}  // namespace

std::string short_number(double value, int digits) {
    if (!(value > 0)) return "0";
    const double rounded_up = std::pow(10, digits);
    if (value >= rounded_up) {
        const double unit = std::pow(10, std::floor(std::log10(value)) - (digits - 1));
        return fmt::format("{:.0f}", std::round(value / unit) * unit);
    }
    std::string text = fmt::format("{:.{}g}", value, digits);
    if (text.starts_with("0.")) text.erase(0, 1);
    if (const std::size_t exponent = text.find("e-0"); exponent != std::string::npos)
        text.erase(exponent + 2, 1);
    return text.find("e+") == std::string::npos ? text : fmt::format("{:.0f}", rounded_up);
}

std::string kbytes_text(std::uint64_t kbytes) {
    constexpr double kKilo = 1024;
    const auto size = static_cast<double>(kbytes);
    if (size < kKilo) return fmt::format("{} kB", kbytes);
    if (size < kKilo * kKilo) return fmt::format("{:.1f} MB", size / kKilo);
    return fmt::format("{:.1f} GB", size / kKilo / kKilo);
}

std::string uptime_text(std::uint64_t seconds) {
    struct Unit {
        std::uint64_t seconds;
        std::string_view name;
    };
    static constexpr Unit kUnits[] = {
        {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    std::string out;
    for (const Unit& unit : kUnits) {
        const std::uint64_t count = seconds / unit.seconds;
        seconds %= unit.seconds;
        if (count == 0) continue;
        out += fmt::format("{}{} {}{}", out.empty() ? "" : " ", count, unit.name,
                           count == 1 ? "" : "s");
    }
    return out;
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr double kKilo = 1024;
    const auto size = static_cast<double>(bytes);
    if (size < 5 * kKilo) return fmt::format("{} B", bytes);
    if (size < kKilo * kKilo / 2) return fmt::format("{:.1f} kB", size / kKilo);
    if (size < kKilo * kKilo * kKilo / 2) return fmt::format("{:.1f} MB", size / kKilo / kKilo);
    return fmt::format("{:.1f} GB", size / kKilo / kKilo / kKilo);
}

void append_escaped(std::string& html, std::string_view text) {
    const auto plain = [](char c) {
        return c >= ' ' && c <= '~' && c != '<' && c != '>' && c != '&' && c != '"' && c != '\'';
    };
    while (!text.empty()) {
        const auto end = std::find_if_not(text.begin(), text.end(), plain);
        const auto size = static_cast<std::size_t>(end - text.begin());
        html.append(text, 0, size);
        text.remove_prefix(size);
        if (text.empty()) return;
        append_entity(html, text.front());
        text.remove_prefix(1);
    }
}

std::string without_password(std::string_view target) {
    const std::size_t scheme = target.find("://");
    if (scheme != std::string_view::npos) {
        const std::size_t begin = scheme + 3;
        const std::string_view authority =
            target.substr(begin, target.find_first_of("/?#", begin) - begin);
        const std::size_t at = authority.rfind('@');
        const std::size_t colon = authority.substr(0, at).find(':');
        if (at != std::string_view::npos && colon != std::string_view::npos)
            return fmt::format("{}:XXXXXXXX{}", target.substr(0, begin + colon),
                               target.substr(begin + at));
    }
    return std::string(target);
}

// As httpd does: a word counts wherever it stands, for a reader that adds "?auto" of its own to an
// address that has it already.
StatusQuery parse_status_query(std::string_view query) {
    constexpr std::string_view kRefresh = "refresh";
    constexpr std::int64_t kSensible = 10;
    StatusQuery parsed;
    parsed.automatic = query.find("auto") != std::string_view::npos;
    parsed.no_table = query.find("notable") != std::string_view::npos;
    const std::size_t at = query.find(kRefresh);
    if (at == std::string_view::npos) return parsed;
    query.remove_prefix(at + kRefresh.size());
    parsed.refresh = kSensible;
    if (query.empty() || query.front() != '=') return parsed;
    query.remove_prefix(1);
    const auto seconds = text::parse_uint(query.substr(0, query.find_first_not_of("0123456789")));
    if (seconds && *seconds > 0 && *seconds <= 0x7fffffff)
        parsed.refresh = static_cast<std::int64_t>(*seconds);
    return parsed;
}

}  // namespace mpmd::handlers

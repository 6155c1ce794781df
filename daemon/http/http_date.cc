#include "daemon/http/http_date.h"

#include <algorithm>
#include <cstring>

namespace mpmd::http {
namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kSecondsPerDay = 86400;

struct Civil {
    std::int64_t year = 0;
    unsigned month = 0;  // 1..12
    unsigned day = 0;    // 1..31
};

// Days since 1970 and back, proleptic Gregorian calendar (the era arithmetic of Howard Hinnant's
// chrono papers).
std::int64_t days_of(const Civil& date) {
    const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year =
        (153 * (date.month + (date.month > 2 ? -3u : 9u)) + 2) / 5 + date.day - 1;
    const unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

Civil civil_of(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    const std::int64_t year =
        static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
    return {year, month, day_of_year - (153 * shifted + 2) / 5 + 1};
}

unsigned days_in_month(std::int64_t year, unsigned month) {
    static constexpr std::array<unsigned, 12> kDaysIn = {31, 28, 31, 30, 31, 30,
                                                         31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return kDaysIn[month - 1] + (month == 2 && leap ? 1u : 0u);
}

void put_number(char* at, std::int64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10)
        at[i] = static_cast<char>('0' + value % 10);
}

// Reads a fixed pattern from the front; the first thing that does not fit spoils the rest.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    void literal(std::string_view text) {
        bad_ = bad_ || !rest_.starts_with(text);
        if (!bad_) rest_.remove_prefix(text.size());
    }
    unsigned number(std::size_t digits) {
        if (rest_.size() < digits) bad_ = true;
        unsigned value = 0;
        for (std::size_t i = 0; !bad_ && i < digits; ++i) {
            const char c = rest_[i];
            if (c < '0' || c > '9') bad_ = true;
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        if (!bad_) rest_.remove_prefix(digits);
        return value;
    }
    // Day of month of asctime: two digits, or a blank and one.
    unsigned padded_number() {
        if (!rest_.starts_with(' ')) return number(2);
        rest_.remove_prefix(1);
        return number(1);
    }
    unsigned month() {
        for (std::size_t i = 0; i < 12; ++i) {
            if (rest_.starts_with(kMonths.substr(i * 3, 3))) {
                rest_.remove_prefix(3);
                return static_cast<unsigned>(i) + 1;
            }
        }
        bad_ = true;
        return 1;
    }
    void day_name(bool with_long) {
        for (unsigned i = 0; i < 7; ++i) {
            const std::string_view name =
                with_long ? kLongDays[i] : kDays.substr(std::size_t{i} * 3, 3);
            if (rest_.starts_with(name)) {
                rest_.remove_prefix(name.size());
                return;
            }
        }
        bad_ = true;
    }
    std::int64_t time_of_day() {
        const unsigned hour = number(2);
        literal(":");
        const unsigned minute = number(2);
        literal(":");
        const unsigned second = number(2);
        if (hour > 23 || minute > 59 || second > 60) bad_ = true;  // 60: a leap second
        return std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + std::min(second, 59u);
    }
    [[nodiscard]] std::optional<std::int64_t> finish(const Civil& date, std::int64_t time) const {
        if (bad_ || !rest_.empty()) return std::nullopt;
        if (date.day < 1 || date.day > days_in_month(date.year, date.month)) return std::nullopt;
        return days_of(date) * kSecondsPerDay + time;
    }

private:
    std::string_view rest_;
    bool bad_ = false;
};

std::optional<std::int64_t> parse_fixdate(std::string_view text) {  // Sun, 06 Nov 1994 08:49:37 GMT
    Reader reader(text);
    Civil date;
    reader.day_name(false);
    reader.literal(", ");
    date.day = reader.number(2);
    reader.literal(" ");
    date.month = reader.month();
    reader.literal(" ");
    date.year = reader.number(4);
    reader.literal(" ");
    const std::int64_t time = reader.time_of_day();
    reader.literal(" GMT");
    return reader.finish(date, time);
}

std::optional<std::int64_t> parse_rfc850(std::string_view text) {  // Sunday, 06-Nov-94 08:49:37 GMT
    Reader reader(text);
    Civil date;
    reader.day_name(true);
    reader.literal(", ");
    date.day = reader.number(2);
    reader.literal("-");
    date.month = reader.month();
    reader.literal("-");
    const unsigned year = reader.number(2);
    date.year = year < 70 ? 2000 + year : 1900 + year;
    reader.literal(" ");
    const std::int64_t time = reader.time_of_day();
    reader.literal(" GMT");
    return reader.finish(date, time);
}

std::optional<std::int64_t> parse_asctime(std::string_view text) {  // Sun Nov  6 08:49:37 1994
    Reader reader(text);
    Civil date;
    reader.day_name(false);
    reader.literal(" ");
    date.month = reader.month();
    reader.literal(" ");
    date.day = reader.padded_number();
    reader.literal(" ");
    const std::int64_t time = reader.time_of_day();
    reader.literal(" ");
    date.year = reader.number(4);
    return reader.finish(date, time);
}

}  // namespace

std::array<char, kDateSize> format_date(std::int64_t seconds) {
    const std::int64_t days =
        (seconds >= 0 ? seconds : seconds - (kSecondsPerDay - 1)) / kSecondsPerDay;
    const std::int64_t time = seconds - days * kSecondsPerDay;
    const Civil date = civil_of(days);
    const auto weekday =
        static_cast<std::size_t>(((days + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    std::array<char, kDateSize> out{};
    std::memcpy(out.data(), "Sun, 00 Jan 0000 00:00:00 GMT", kDateSize);
    std::memcpy(out.data(), kDays.data() + weekday * 3, 3);
    put_number(out.data() + 5, date.day, 2);
    std::memcpy(out.data() + 8, kMonths.data() + std::size_t{date.month - 1} * 3, 3);
    put_number(out.data() + 12, date.year, 4);
    put_number(out.data() + 17, time / 3600, 2);
    put_number(out.data() + 20, time / 60 % 60, 2);
    put_number(out.data() + 23, time % 60, 2);
    return out;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
    if (text.size() > 3 && text[3] == ',') return parse_fixdate(text);
    if (text.size() > 3 && text[3] == ' ') return parse_asctime(text);
    return parse_rfc850(text);
}

void DateCache::render(std::int64_t seconds) {
    text_ = format_date(seconds);
    seconds_ = seconds;
}

}  // namespace mpmd::http

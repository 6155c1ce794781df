// RLimitCPU, RLimitMEM, RLimitNPROC: bounds for scripts. RequestReadTimeout: bounds for clients.

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/words.h"

namespace mpmd::config::words {
namespace {

// ---- RLimit ----

constexpr std::int64_t kMax = -1;

std::optional<std::int64_t> read_bound(const std::string& word) {
    if (text::iequals(word, "max")) return kMax;
    const auto number = text::parse_int(word);
    return number && *number >= 1 ? number : std::nullopt;
}

Outcome add_limit(std::string_view name, std::optional<ResourceLimit>& limit, Arguments arguments) {
    ResourceLimit wanted;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto number = read_bound(arguments[i]);
        if (!number) {
            return refuse(fmt::format("{} must be max or a whole number from 1, not \"{}\"", name,
                                      text::escape(arguments[i])),
                          i);
        }
        (i == 0 ? wanted.soft : wanted.hard) = *number;
    }
    if (wanted.hard != kMax && (wanted.soft == kMax || wanted.soft > wanted.hard)) {
        return refuse(fmt::format("the soft limit of {} must not be above the hard one", name));
    }
    limit = wanted;
    return {};
}

std::string show_limit(const std::optional<ResourceLimit>& limit) {
    if (!limit) return "";
    const auto word = [](std::int64_t number) {
        return number == kMax ? "max" : std::to_string(number);
    };
    std::string out = word(limit->soft);
    if (limit->hard != kMax) out += " " + word(limit->hard);
    return out;
}

// ---- RequestReadTimeout: stage=time[-most][,MinRate=bytes] ----

constexpr std::int64_t kSecond = 1000;
constexpr std::uint64_t kMostSeconds = 86400;
constexpr std::uint64_t kMostRate = 2147483647;

struct Stage {
    std::int64_t first_ms = 0;
    std::int64_t most_ms = 0;
    std::int64_t rate = 0;
};

std::optional<std::int64_t> read_seconds(std::string_view word) {
    const auto seconds = text::parse_uint(word);
    if (!seconds || *seconds > kMostSeconds) return std::nullopt;
    return static_cast<std::int64_t>(*seconds) * kSecond;
}

bool read_rate(std::string_view word, Stage& stage) {
    constexpr std::string_view kName = "minrate=";
    if (!text::iequals(word.substr(0, kName.size()), kName)) return false;
    const auto rate = text::parse_uint(word.substr(kName.size()));
    if (!rate || *rate == 0 || *rate > kMostRate) return false;
    stage.rate = static_cast<std::int64_t>(*rate);
    return true;
}

// As httpd: a range needs a rate; a rate alone lets the time grow without end.
std::optional<Stage> read_stage(std::string_view text) {
    Stage stage;
    const auto comma = text.find(',');
    if (comma != std::string_view::npos && !read_rate(text.substr(comma + 1), stage)) {
        return std::nullopt;
    }
    const std::string_view times = text.substr(0, comma);
    const auto dash = times.find('-');
    const auto first = read_seconds(times.substr(0, dash));
    if (!first) return std::nullopt;
    stage.first_ms = *first;
    if (dash == std::string_view::npos) return stage;
    const auto most = read_seconds(times.substr(dash + 1));
    if (!most || *most <= *first || stage.rate == 0) return std::nullopt;
    stage.most_ms = *most;
    return stage;
}

std::string show_stage(std::string_view name, const Stage& stage) {
    std::string out = fmt::format("{}={}", name, stage.first_ms / kSecond);
    if (stage.most_ms != 0) out += fmt::format("-{}", stage.most_ms / kSecond);
    if (stage.rate != 0) out += fmt::format(",MinRate={}", stage.rate);
    return out;
}

}  // namespace

Outcome add_rlimit_cpu(Settings& settings, Arguments arguments) {
    return add_limit("RLimitCPU", settings.rlimit_cpu, arguments);
}
void clear_rlimit_cpu(Settings& settings) {
    settings.rlimit_cpu.reset();
}
std::string show_rlimit_cpu(const Settings& settings) {
    return show_limit(settings.rlimit_cpu);
}

Outcome add_rlimit_mem(Settings& settings, Arguments arguments) {
    return add_limit("RLimitMEM", settings.rlimit_mem, arguments);
}
void clear_rlimit_mem(Settings& settings) {
    settings.rlimit_mem.reset();
}
std::string show_rlimit_mem(const Settings& settings) {
    return show_limit(settings.rlimit_mem);
}

Outcome add_rlimit_nproc(Settings& settings, Arguments arguments) {
    return add_limit("RLimitNPROC", settings.rlimit_nproc, arguments);
}
void clear_rlimit_nproc(Settings& settings) {
    settings.rlimit_nproc.reset();
}
std::string show_rlimit_nproc(const Settings& settings) {
    return show_limit(settings.rlimit_nproc);
}

Outcome add_request_read_timeout(Settings& settings, Arguments arguments) {
    LiveSettings& live = settings.live;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        const auto equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto stage =
            equals == std::string_view::npos ? std::nullopt : read_stage(word.substr(equals + 1));
        const bool head = text::iequals(name, "header");
        if (!stage || !(head || text::iequals(name, "body"))) {
            return refuse(fmt::format("RequestReadTimeout takes header= or body=, then seconds or "
                                      "seconds-seconds, then ,MinRate=bytes where the time may "
                                      "grow, not \"{}\"",
                                      text::escape(word)),
                          i);
        }
        (head ? live.request_read_timeout_ms : live.request_body_timeout_ms) = stage->first_ms;
        (head ? live.request_head_max_ms : live.request_body_max_ms) = stage->most_ms;
        (head ? live.request_head_min_rate : live.request_body_min_rate) = stage->rate;
    }
    return {};
}

void clear_request_read_timeout(Settings& settings) {
    LiveSettings& live = settings.live;
    live.request_read_timeout_ms = live.request_head_max_ms = live.request_head_min_rate = 0;
    live.request_body_timeout_ms = live.request_body_max_ms = live.request_body_min_rate = 0;
}

std::string show_request_read_timeout(const Settings& settings) {
    const LiveSettings& live = settings.live;
    return show_stage("header", {live.request_read_timeout_ms, live.request_head_max_ms,
                                 live.request_head_min_rate}) +
           " " +
           show_stage("body", {live.request_body_timeout_ms, live.request_body_max_ms,
                               live.request_body_min_rate});
}

}  // namespace mpmd::config::words

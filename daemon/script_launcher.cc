#include "daemon/script_launcher.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd {

namespace {

constexpr std::string_view kFlag = "--exec-script";
constexpr int kCannot = 126;

struct Limit {
    __rlimit_resource_t resource = RLIMIT_CPU;
    std::int64_t soft = -1;  // -1: as much as is allowed
    std::int64_t hard = -1;
};

std::optional<Limit> parse_limit(std::string_view word) {
    struct Named {
        std::string_view name;
        __rlimit_resource_t resource;
    };
    static constexpr Named kNames[] = {
        {"cpu=", RLIMIT_CPU}, {"mem=", RLIMIT_AS}, {"nproc=", RLIMIT_NPROC}};
    for (const Named& named : kNames) {
        if (!word.starts_with(named.name)) continue;
        const auto numbers = text::split(word.substr(named.name.size()), ':');
        if (numbers.size() != 2) return std::nullopt;
        const auto soft = text::parse_int(numbers[0]);
        const auto hard = text::parse_int(numbers[1]);
        if (!soft || !hard) return std::nullopt;
        return Limit{named.resource, *soft, *hard};
    }
    return std::nullopt;
}

// A script never gets more than the server itself has.
bool apply(const Limit& limit) {
    rlimit now{};
    if (::getrlimit(limit.resource, &now) != 0) return false;
    const auto value = [&](std::int64_t asked) {
        return asked < 0 ? now.rlim_max
                         : std::min<rlim_t>(static_cast<rlim_t>(asked), now.rlim_max);
    };
    rlimit wanted{value(limit.soft), value(limit.hard)};
    wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
    return ::setrlimit(limit.resource, &wanted) == 0;
}

int give_up(std::string_view what) {
    fmt::print(stderr, "mpmd: {}: {}\n", what, std::strerror(errno));
    return kCannot;
}

}  // namespace

bool is_script_launch(int argc, char* const* argv) {
    return argc > 1 && argv[1] == kFlag;
}

int launch_script(int argc, char* const* argv) {
    int at = 2;
    for (; at < argc && argv[at] != std::string_view("--"); ++at) {
        const std::optional<Limit> limit = parse_limit(argv[at]);
        errno = EINVAL;
        if (!limit || !apply(*limit)) return give_up(argv[at]);
    }
    errno = EINVAL;
    if (at + 2 >= argc) return give_up(kFlag);
    ::execv(argv[at + 1], argv + at + 2);
    return give_up(argv[at + 1]);
}

}  // namespace mpmd

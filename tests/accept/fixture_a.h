#pragma once

// FX-A of the specification as a running server, and what the rows about its life ask of it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <grp.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {

// FX-A of the specification.
inline const std::string kFixtureA =
    "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 2\n"
    "MinSpareThreads 2\nMaxSpareThreads 12\nKeepAliveTimeout 5\n";

inline ServerOptions alone(const std::string& lines) {
    return {lines, false};
}

// FX-A with both children up, without the control plane.
struct Server : ServerProcess {
    explicit Server(const std::string& lines = "") : Server(alone(kFixtureA + lines)) {}
    explicit Server(const ServerOptions& options) : ServerProcess(options) {
        BOOST_REQUIRE(becomes_true(std::chrono::seconds(2), [this] { return settled(2); }));
    }
    [[nodiscard]] scoreboard::Snapshot board() const { return snapshot_of(pid()); }
    [[nodiscard]] bool settled(std::size_t count) const {
        const scoreboard::Snapshot seen = board();
        return seen.children.size() == count && seen.totals.idle == 4 * count &&
               seen.totals.draining == 0;
    }
    // Loaded, and every child is of it and up.
    [[nodiscard]] bool has_generation(std::uint32_t generation) const {
        return becomes_true(std::chrono::seconds(1), [&] {
            const scoreboard::Snapshot seen = board();
            const auto& all = seen.children;
            return seen.global.generation == generation && !all.empty() &&
                   seen.totals.children_starting == 0 &&
                   std::all_of(all.begin(), all.end(), [&](const scoreboard::Child& child) {
                       return child.row.generation == generation;
                   });
        });
    }
    [[nodiscard]] bool said(const std::string& words, std::size_t from = 0) const {
        return becomes_true(std::chrono::seconds(1),
                            [&] { return error_log().find(words, from) != std::string::npos; });
    }
    [[nodiscard]] bool refuses() const {
        return becomes_true(std::chrono::seconds(1),
                            [this] { return !HttpClient(port()).connected(); });
    }
    [[nodiscard]] std::string pid_path() const { return dir() / "mpmd.pid"; }
};

inline const std::string kLongSleep = "/mpmd-test/sleep?600";

// A request that a worker has begun to run, and that does not end by itself.
struct Running {
    explicit Running(const Server& server, const std::string& target = Gate::kPath)
        : client(server.port()) {
        BOOST_REQUIRE(client.send(get_request(target)));
        BOOST_REQUIRE(becomes_true(std::chrono::seconds(1),
                                   [&] { return running_requests(server.pid(), target) > 0; }));
    }
    HttpClient client;
};

inline bool all_gone(const std::vector<pid_t>& pids) {
    return becomes_true(std::chrono::seconds(1),
                        [&] { return std::all_of(pids.begin(), pids.end(), has_gone); });
}

inline Ended mpmd(const ServerProcess& server, const std::vector<std::string>& options) {
    std::vector<std::string> words{program_path("MPMD", "mpmd"), "-f", server.config()};
    words.insert(words.end(), options.begin(), options.end());
    return Program(words).wait();
}

inline std::string line_of_status(pid_t pid, const std::string& name) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind(name + ":", 0) == 0) return line.substr(name.size() + 1);
    return "";
}

// As the kernel shows the groups of a process that has those of `user` and `group`, and no more.
inline std::string groups_of(const char* user, gid_t group) {
    std::vector<gid_t> groups(64);
    int found = static_cast<int>(groups.size());
    BOOST_REQUIRE(::getgrouplist(user, group, groups.data(), &found) >= 0);
    groups.resize(static_cast<std::size_t>(found));
    std::sort(groups.begin(), groups.end());
    std::string line = "\t";
    for (const gid_t each : groups)
        line += std::to_string(each) + " ";
    return line;
}

inline std::size_t count(const std::string& text, const std::string& words) {
    std::size_t found = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
        ++found;
    return found;
}

inline std::uint64_t requests(const scoreboard::Snapshot& seen) {
    return seen.totals.requests_on_listener + seen.totals.requests_on_workers;
}

}  // namespace mpmd::test

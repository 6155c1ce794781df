#include "tests/support/generations.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/soon.h"

namespace mpmd::test {

const char* const kSteadyLines =
    "StartServers 2\nThreadsPerChild 8\nServerLimit 8\nMaxRequestWorkers 64\nMinSpareThreads 1\n"
    "MaxSpareThreads 64\nDrainKeepAliveGrace 100ms\nChildDrainTimeout 20\n"
    "MaintenanceInterval 100ms\n";

namespace {

using std::chrono::seconds;

std::uint64_t resident_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmRSS:", 0) == 0) return std::stoull(line.substr(6));
    return 0;
}

// A child keeps files that it served lately open: those below `served` do not count.
std::size_t descriptors_of(pid_t pid, const std::string& served = {}) {
    std::size_t count = 0;
    for (const std::string& target : open_files_of(pid))
        count += served.empty() || target.rfind(served + "/", 0) != 0 ? 1U : 0U;
    return count;
}

LoadPlan light_load(const ServerProcess& server) {
    LoadPlan plan;
    plan.port = server.port();
    plan.files = server.files();
    plan.big = "/big.bin";
    plan.keep_alive = 1;
    plan.pipelined = 1;
    plan.closing = 1;
    plan.slow_readers = 1;
    return plan;
}

// Null when it was not answered: on a machine without time that happens, and is asked again.
Json status_of(const Mpmctl& mpmctl) {
    const Ended ended = mpmctl.run({"-o", "json", "status"});
    const Json document = Json::parse(ended.out, nullptr, false);
    return ended.exit_status == 0 && document.is_object() ? document : Json();
}

bool nobody_leaves(const Mpmctl& mpmctl) {
    return becomes_true(seconds(6), [&mpmctl] {
        const Json status = status_of(mpmctl);
        if (status.is_null()) return false;
        const Json& children = status.at("children");
        return children.at("draining") == 0 && children.at("starting") == 0 &&
               children.at("total") == children.at("active");
    });
}

AtRest look(const ServerProcess& server) {
    AtRest rest;
    rest.processes = children_of(server.pid()).size();
    rest.supervisor_kib = resident_kib(server.pid());
    rest.supervisor_fds = descriptors_of(server.pid());
    rest.control_kib = resident_kib(server.control());
    rest.control_fds = descriptors_of(server.control());
    for (const pid_t child : server.children()) {
        rest.child_kib = std::max(rest.child_kib, resident_kib(child));
        rest.child_fds = std::max(rest.child_fds, descriptors_of(child, server.dir() / "site"));
    }
    return rest;
}

// A gRPC connection that has just ended is put away a moment later.
AtRest settled(const ServerProcess& server, const Mpmctl& mpmctl) {
    if (!nobody_leaves(mpmctl)) throw std::runtime_error("children are still on their way out");
    AtRest rest = look(server);
    for (int same = 0; same < 10;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const AtRest next = look(server);
        const bool equal = next.supervisor_fds == rest.supervisor_fds &&
                           next.control_fds == rest.control_fds &&
                           next.child_fds == rest.child_fds && next.processes == rest.processes;
        same = equal ? same + 1 : 0;
        rest = next;
    }
    return rest;
}

class Run {
public:
    Run(const ServerProcess& server, bool talk)
        : server_(server), mpmctl_(server.socket()), talk_(talk) {}

    void generations(int count) {
        CheckedLoad load(light_load(server_));
        for (int i = 0; i < count; ++i) {
            next_generation();
            if (talk_ && result.restarts % 25 == 0) say(load.answered());
        }
        const LoadResult ended = load.stop();
        result.answered += ended.answered;
        result.failed += ended.failed;
        if (ended.failed > 0) result.failures += describe(ended) + "\n";
    }
    [[nodiscard]] AtRest rest() const { return settled(server_, mpmctl_); }

    GenerationsResult result;

private:
    void next_generation() {
        const bool by_signal = result.restarts++ % 2 == 1;
        const bool done =
            by_signal ? graceful_by_signal() : mpmctl_.run({"restart", "--all"}).exit_status == 0;
        if (!done) ++result.refused;
    }
    bool graceful_by_signal() const {
        Json before;
        if (!becomes_true(seconds(2), [&] { return !(before = status_of(mpmctl_)).is_null(); }))
            return false;
        const auto next = before.at("generation").get<std::uint32_t>() + 1;
        server_.signal(SIGUSR1);
        return becomes_true(seconds(2),
                            [&] {
                                const Json now = status_of(mpmctl_);
                                return !now.is_null() && now.at("generation") == next;
                            }) &&
               nobody_leaves(mpmctl_);
    }
    void say(std::uint64_t answered) const {
        std::printf("%4d restarts, %llu answered; %s\n", result.restarts,
                    static_cast<unsigned long long>(result.answered + answered),
                    describe(look(server_)).c_str());
        std::fflush(stdout);
    }

    const ServerProcess& server_;
    const Mpmctl mpmctl_;
    const bool talk_;
};

}  // namespace

std::string describe(const AtRest& rest) {
    return std::to_string(rest.processes) + " processes; supervisor " +
           std::to_string(rest.supervisor_kib) + " KiB, " + std::to_string(rest.supervisor_fds) +
           " fds; control " + std::to_string(rest.control_kib) + " KiB, " +
           std::to_string(rest.control_fds) + " fds; children up to " +
           std::to_string(rest.child_kib) + " KiB, " + std::to_string(rest.child_fds) + " fds";
}

bool GenerationsResult::grew_more_than(std::uint64_t kib) const {
    return late.supervisor_kib > early.supervisor_kib + kib ||
           late.control_kib > early.control_kib + kib || late.child_kib > early.child_kib + kib;
}

bool GenerationsResult::same_descriptors_and_processes() const {
    return late.processes == early.processes && late.supervisor_fds == early.supervisor_fds &&
           late.control_fds == early.control_fds && late.child_fds == early.child_fds;
}

GenerationsResult run_generations(const ServerProcess& server, int early, int count, bool talk) {
    Run run(server, talk);
    run.generations(early);
    run.result.early = run.rest();
    run.generations(count - early);
    run.result.late = run.rest();
    return run.result;
}

}  // namespace mpmd::test

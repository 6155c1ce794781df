// kill [SECONDS]: kills a child or mpmd-control with SIGKILL every second while clients run. What a
// killed child had open is lost; everything else is not: each mpmctl call is answered, the number
// of children comes back, nobody is refused. Prints figures; exit status 1 when the server did not
// recover.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/support/checked_load.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

using namespace mpmd::test;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kChildren = 4;

bool recovered(const Mpmctl& mpmctl) {
    return becomes_true(seconds(1), [&mpmctl] {
        const Json children = mpmctl.status().at("children");
        return children.at("active") == kChildren && children.at("starting") == 0;
    });
}

}  // namespace

int main(int argc, char** argv) {
    const seconds length(argc > 1 ? std::atoi(argv[1]) : 600);
    ServerProcess server(
        "StartServers 4\nThreadsPerChild 8\nServerLimit 8\nMaxRequestWorkers 64\n"
        "MinSpareThreads 1\nMaxSpareThreads 64\n");
    const Mpmctl mpmctl(server.socket());
    LoadPlan plan;
    plan.port = server.port();
    plan.files = server.files();
    CheckedLoad load(plan);
    std::minstd_rand random(1);
    const auto end = Clock::now() + length;
    int killed_children = 0;
    int killed_controls = 0;
    bool well = true;
    while (well && Clock::now() < end) {
        if (random() % 3 == 0) {
            const pid_t control = server.control();
            if (control > 0) ::kill(control, SIGKILL);
            ++killed_controls;
        } else {
            const auto children = server.children();
            if (!children.empty()) ::kill(children[random() % children.size()], SIGKILL);
            ++killed_children;
        }
        well = recovered(mpmctl) && fetch(server.port(), "/small.txt").status == 200;
        std::this_thread::sleep_for(seconds(1));
    }
    const LoadResult result = load.stop();
    std::printf("%d children and %d control processes killed; %s\n", killed_children,
                killed_controls, well ? "recovered each time" : "NOT RECOVERED");
    std::printf("cut by the kills: %s\n", describe(result).c_str());
    return well ? 0 : 1;
}

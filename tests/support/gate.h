#pragma once

// Requests that hold a worker until the test lets them go: however slow the machine is, none ends
// before open(), and none waits after it. Behind it are scripts that wait at a pipe. Make the gate
// before its server, which needs lines() in its configuration.

#include <chrono>
#include <filesystem>
#include <list>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/os/unique_fd.h"
#include "tests/support/board_view.h"
#include "tests/support/http_client.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {

class Gate {
public:
    static constexpr const char* kPath = "/gate/wait";
    static constexpr const char* kBody = "open\n";

    Gate() {
        namespace fs = std::filesystem;
        const std::string pipe = dir_ / "pipe";
        const std::string script =
            dir_.write("scripts/wait", "#!/bin/sh\nread -r line < '" + pipe +
                                           "'\nprintf 'Content-Type: text/plain\\nContent-Length: "
                                           "5\\n\\nopen\\n'\n");
        fs::permissions(dir_.path(), fs::perms(0755));
        fs::permissions(dir_ / "scripts", fs::perms(0755));
        fs::permissions(script, fs::perms(0755));
        if (::mkfifo(pipe.c_str(), 0644) < 0) throw std::runtime_error("no pipe");
        fs::permissions(pipe, fs::perms(0644));
        // Held open at both ends: nobody waits for the other side, and what is written stays.
        pipe_.reset(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    }

    // For the configuration.
    [[nodiscard]] std::string lines() const {
        return "ScriptAlias /gate/ \"" + (dir_ / "scripts") + "\"\nCGIScriptTimeout 3600\n";
    }
    // Lets go who waits and who comes later: a line for each, more than there are requests.
    void open() const {
        const std::string many(4096, '\n');
        if (::write(pipe_.get(), many.data(), many.size()) != 4096)
            throw std::runtime_error("the gate does not open");
    }

private:
    TempDir dir_;
    os::UniqueFd pipe_;
};

// So many requests that hold a worker each, one after the other: a child whose workers are all busy
// takes no more, so they fill one child after another. `path` must not end by itself.
[[nodiscard]] inline std::list<HttpClient> hold_workers(const ServerProcess& server,
                                                        std::size_t count,
                                                        const std::string& path = Gate::kPath) {
    std::list<HttpClient> clients;
    const auto busy = [&server] { return snapshot_of(server.pid()).totals.busy; };
    for (std::size_t i = 1; i <= count; ++i) {
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().send(get_request(path)));
        BOOST_REQUIRE(becomes_true(std::chrono::seconds(2), [&] { return busy() == i; }));
    }
    return clients;
}

}  // namespace mpmd::test

#pragma once

// A real mpmd for one test: its own directory with a site, state, sockets and logs, a free loopback
// port, and an end: the destructor ends the supervisor, its children and its mpmd-control, also
// when the test failed (then it shows the logs first). Works as root (the children are www-data and
// may read everything here) and as anybody else. Not thread-safe; make it in the main thread.
//
// It is there once all its first children serve and are at rest: the request that asked whether it
// is there is counted and forgotten. (A configuration that never comes to rest is not waited for
// longer than some seconds.)
//
// Sites: index.html, small.txt, page-1.html, k1.bin (1 KiB), big.bin (1 MiB); file() has their
// bytes.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/free_port.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {

struct ServerOptions {
    std::string lines;             // added to the base configuration
    bool wait_for_control = true;  // until mpmctl is answered; false: for a served request only
    bool access_log = true;
    std::function<void()> before_exec{};  // ProgramOptions
    std::vector<std::string> wrapper{};   // program and words that run mpmd in turn (setpriv ...)
};

class ServerProcess {
public:
    explicit ServerProcess(const std::string& lines = "")
        : ServerProcess(ServerOptions{lines, true}) {}
    explicit ServerProcess(ServerOptions options);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_->number(); }
    [[nodiscard]] pid_t pid() const { return program_->pid(); }
    [[nodiscard]] bool running() { return program_->running(); }
    [[nodiscard]] const TempDir& dir() const { return dir_; }
    [[nodiscard]] std::string socket() const { return dir_ / "control.sock"; }
    [[nodiscard]] std::string config() const { return dir_ / "mpmd.conf"; }
    [[nodiscard]] const std::map<std::string, std::string>& files() const { return files_; }
    [[nodiscard]] const std::string& file(const std::string& path) const { return files_.at(path); }

    // Serving children now, by /proc: those that have got as far as their listener. Without
    // mpmd-control and whatever else was forked and is not yet what it will be.
    [[nodiscard]] std::vector<pid_t> children() const;
    [[nodiscard]] pid_t control() const;  // 0 when there is none at the moment

    void signal(int number) const { program_->signal(number); }
    void write_config(const std::string& lines);  // base and these; the server is not told
    void write_broken_config(const std::string& line);
    void start();  // again, after an end: same directory, same port
    // TERM, and waits; the exit status.
    int stop();
    // kill -9 of the supervisor alone.
    void kill_supervisor();
    Ended wait(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
        return program_->wait(limit);
    }

    [[nodiscard]] std::string error_log() const { return read("error.log"); }
    [[nodiscard]] std::string access_log() const { return read("access.log"); }
    [[nodiscard]] std::string read(const std::string& name) const;

private:
    [[nodiscard]] std::string base_config() const;
    void make_site();
    bool start_once();  // false: the port was taken
    [[nodiscard]] bool answers() const;
    void await_control() const;
    void remember_descendants();
    void end_everything();
    void show_logs() const;

    ServerOptions options_;
    TempDir dir_;
    std::map<std::string, std::string> files_;
    std::string control_program_;
    std::optional<FreePort> port_;
    std::unique_ptr<Program> program_;
    std::vector<pid_t> descendants_;  // seen before the supervisor ended
};

}  // namespace mpmd::test

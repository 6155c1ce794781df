#include "tests/support/server_process.h"

#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownTail = 6000;
constexpr int kPortTries = 20;
constexpr std::chrono::milliseconds kStartLimit{3000};
constexpr std::chrono::milliseconds kRestLimit{500};

// Anybody may reach and execute it: mpmd-control runs as another user when mpmd is root's.
bool is_public(const fs::path& program) {
    for (fs::path part = program; !part.empty(); part = part.parent_path()) {
        struct stat status {};
        if (::stat(part.c_str(), &status) < 0 || (status.st_mode & S_IXOTH) == 0) return false;
        if (part == part.root_path()) return true;
    }
    return false;
}

std::string pattern(std::size_t size, unsigned seed) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i)
        text[i] = static_cast<char>('a' + (i * 7 + i / 251 + seed) % 26);
    return text;
}

bool test_failed() {
    namespace ut = boost::unit_test;
    if (std::uncaught_exceptions() > 0) return true;
    if (!ut::framework::test_in_progress()) return false;  // a program of tests/soak
    const auto id = ut::framework::current_test_case().p_id;
    return !ut::results_collector.results(id).passed();
}

}  // namespace

ServerProcess::ServerProcess(ServerOptions options) : options_(std::move(options)) {
    adopt_orphans();
    fs::permissions(dir_.path(), fs::perms(0755));
    make_site();
    fs::create_directory(dir_.path() / "state");
    control_program_ = program_path("MPMD_CONTROL", "mpmd-control");
    if (::geteuid() == 0 && fs::exists(control_program_) && !is_public(control_program_)) {
        fs::create_directory(dir_.path() / "bin");
        fs::copy_file(control_program_, dir_.path() / "bin" / "mpmd-control");
        control_program_ = dir_ / "bin/mpmd-control";
    }
    for (int i = 0; i < kPortTries; ++i) {
        port_.emplace();
        write_config(options_.lines);
        if (start_once()) return;
    }
    throw std::runtime_error("no free port after many tries");
}

ServerProcess::~ServerProcess() {
    if (program_ != nullptr && test_failed()) show_logs();
    end_everything();
}

void ServerProcess::make_site() {
    files_ = {{"/index.html", "<!doctype html>\n<title>test</title>\n<p>index\n"},
              {"/small.txt", "small\n"},
              {"/page-1.html", "<!doctype html>\n<title>1</title>\n" + pattern(700, 1)},
              {"/k1.bin", pattern(1024, 2)},
              {"/big.bin", pattern(1 << 20, 3)}};
    for (const auto& [path, text] : files_)
        dir_.write("site" + path, text);
    files_["/"] = files_["/index.html"];
}

std::string ServerProcess::base_config() const {
    const std::string dir = dir_.path().string();
    return "ServerRoot \"" + dir +
           "\"\nServerName localhost\nListen 127.0.0.1:" + std::to_string(port()) +
           "\nDocumentRoot \"" + dir + "/site\"\nStateDir \"" + dir + "/state\"\nControlSocket \"" +
           dir + "/control.sock\"\nControlProgram \"" + control_program_ + "\"\nPidFile \"" + dir +
           "/mpmd.pid\"\nErrorLog \"" + dir + "/error.log\"\n" +
           (options_.access_log ? "CustomLog \"" + dir + "/access.log\" common\n" : "") +
           "LogLevel info\nTestHandlers On\n";
}

void ServerProcess::write_config(const std::string& lines) {
    options_.lines = lines;
    dir_.write("mpmd.conf", base_config() + lines);
}

void ServerProcess::write_broken_config(const std::string& line) {
    dir_.write("mpmd.conf", base_config() + options_.lines + "\n" + line + "\n");
}

void ServerProcess::start() {
    if (!start_once()) throw std::runtime_error("the port was taken between two starts");
}

bool ServerProcess::start_once() {
    const std::string output = dir_ / "server.out";
    std::vector<std::string> words = options_.wrapper;
    words.insert(words.end(), {program_path("MPMD", "mpmd"), "-f", config(), "--foreground"});
    program_ = std::make_unique<Program>(std::move(words),
                                         ProgramOptions{{}, output, options_.before_exec});
    const bool serves =
        becomes_true(kStartLimit, [this] { return answers() || !program_->running(); });
    if (!program_->running()) {
        const std::string said = read("server.out") + error_log();
        if (said.find("ddress already in use") != std::string::npos) return false;
        throw std::runtime_error("mpmd ended instead of serving:\n" + said);
    }
    if (!serves) throw std::runtime_error("mpmd does not serve");
    static_cast<void>(becomes_true(kRestLimit, [this] { return at_rest(pid()); }));
    if (options_.wait_for_control) await_control();
    return true;
}

bool ServerProcess::answers() const {
    HttpClient client(port());
    return client.connected() && client.send(get_request("/", "Connection: close\r\n")) &&
           client.receive().status == 200;
}

void ServerProcess::await_control() const {
    const Mpmctl mpmctl(socket());
    if (!becomes_true(kStartLimit, [&mpmctl] { return mpmctl.run({"status"}).exit_status == 0; })) {
        const Ended last = mpmctl.run({"status"});
        throw std::runtime_error("mpmd serves, and mpmctl is not answered: " + last.err);
    }
}

std::vector<pid_t> ServerProcess::children() const {
    std::vector<pid_t> pids;
    for (const Process& process : children_of(pid()))
        if (process.name == "mpmd" && has_thread(process.pid, "listener"))
            pids.push_back(process.pid);
    std::sort(pids.begin(), pids.end());
    return pids;
}

pid_t ServerProcess::control() const {
    for (const Process& process : children_of(pid()))
        if (process.name == "mpmd-control") return process.pid;
    return 0;
}

int ServerProcess::stop() {
    remember_descendants();
    signal(SIGTERM);
    return wait().exit_status;
}

void ServerProcess::kill_supervisor() {
    remember_descendants();
    signal(SIGKILL);
    wait();
}

std::string ServerProcess::read(const std::string& name) const {
    std::ifstream file(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void ServerProcess::remember_descendants() {
    for (const Process& process : children_of(pid()))
        descendants_.push_back(process.pid);
}

void ServerProcess::end_everything() {
    if (program_ == nullptr) return;
    if (program_->running()) {
        remember_descendants();
        signal(SIGTERM);
        static_cast<void>(
            becomes_true(std::chrono::seconds(1), [this] { return !program_->running(); }));
        signal(SIGKILL);
        program_->wait();
    }
    // What outlived the supervisor became our child: no other process can have its number.
    for (const pid_t pid : descendants_)
        for (const Process& orphan : children_of(::getpid()))
            if (orphan.pid == pid) {
                ::kill(pid, SIGKILL);
                static_cast<void>(
                    becomes_true(std::chrono::seconds(1), [pid] { return has_gone(pid); }));
            }
}

void ServerProcess::show_logs() const {
    for (const char* name : {"server.out", "error.log"}) {
        std::string text = read(name);
        if (text.size() > kShownTail) text.erase(0, text.size() - kShownTail);
        std::cerr << "---- " << name << "\n" << text;
    }
    std::cerr << "----\n";
}

}  // namespace mpmd::test

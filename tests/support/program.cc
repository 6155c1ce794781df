#include "tests/support/program.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpmd::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    os::UniqueFd read;
    os::UniqueFd write;
    Pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) < 0) throw std::runtime_error("no pipe");
        read.reset(ends[0]);
        write.reset(ends[1]);
    }
};

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* words, const ProgramOptions& options, int out, int err) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (options.uid) {
        const auto gid = static_cast<gid_t>(*options.uid);
        if (::setgroups(0, nullptr) < 0 || ::setgid(gid) < 0 || ::setuid(*options.uid) < 0)
            ::_exit(126);
    }
    if (options.before_exec) options.before_exec();
    ::execv(words[0], words);
    ::_exit(127);
}

}  // namespace

Program::Program(std::vector<std::string> words, const ProgramOptions& options) {
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    Pipe out;
    Pipe err;
    os::UniqueFd file;
    if (!options.output.empty()) {
        file.reset(::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (!file) throw std::runtime_error("cannot write " + options.output);
    }
    const int to_out = file ? file.get() : out.write.get();
    const int to_err = file ? file.get() : err.write.get();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("cannot fork");
    if (pid_ == 0) become(argv.data(), options, to_out, to_err);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
}

Program::~Program() {
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    reap(true);
}

bool Program::reap(bool block) {
    if (reaped_) return true;
    int status = 0;
    if (::waitpid(pid_, &status, block ? 0 : WNOHANG) != pid_) return false;
    reaped_ = true;
    if (WIFEXITED(status)) ended_.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) ended_.signal = WTERMSIG(status);
    return true;
}

bool Program::running() {
    return !reap(false);
}

void Program::signal(int number) const {
    if (!reaped_) ::kill(pid_, number);
}

bool Program::read_some(const os::UniqueFd& from,
                        std::string& into,
                        std::chrono::milliseconds patience) {
    pollfd ready{from.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return false;
    char piece[65536];
    const ssize_t n = ::read(from.get(), piece, sizeof piece);
    if (n > 0) into.append(piece, static_cast<std::size_t>(n));
    return n > 0;
}

Ended Program::wait(std::chrono::milliseconds limit) {
    constexpr std::chrono::milliseconds kAtOnce{0};
    const auto deadline = Clock::now() + limit;
    while (!reap(false)) {
        // A grandchild may hold the pipes open: their end says nothing.
        if (!read_some(out_, ended_.out, std::chrono::milliseconds(2)))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        static_cast<void>(read_some(err_, ended_.err, kAtOnce));
        if (Clock::now() > deadline) {
            ::kill(pid_, SIGKILL);
            reap(true);
            ended_.err += "\n(killed by the test: not ended in time)\n";
            ended_.exit_status = -1;
        }
    }
    while (read_some(out_, ended_.out, kAtOnce)) {
    }
    while (read_some(err_, ended_.err, kAtOnce)) {
    }
    return ended_;
}

std::string program_path(const char* variable, const std::string& name) {
    const char* told = std::getenv(variable);
    if (told != nullptr && *told != '\0') return told;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    return (self.parent_path().parent_path() / "bin" / name).string();
}

}  // namespace mpmd::test

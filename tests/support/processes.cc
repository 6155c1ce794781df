#include "tests/support/processes.h"

#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

std::optional<Process> read_stat(pid_t pid, const std::string& folder) {
    std::ifstream file(folder + "/stat");
    std::string text;
    std::getline(
        file,
        text);  // a process that ends meanwhile gives an empty line; a stream iterator would throw
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos) return std::nullopt;
    Process process;
    process.pid = pid;
    process.name = text.substr(open + 1, close - open - 1);
    std::istringstream rest(text.substr(close + 1));
    rest >> process.state >> process.parent;
    std::string skipped;
    for (int field = 5; field < 20; ++field)
        rest >> skipped;
    rest >> process.threads;
    return process;
}

std::optional<Process> read_process(pid_t pid) {
    return read_stat(pid, "/proc/" + std::to_string(pid));
}

// The first thread of a process may be a zombie while others still run, or are being ended.
bool is_over(const Process& process) {
    return process.state == 'X' || (process.state == 'Z' && process.threads <= 1);
}

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;  // the folder vanishes with its process, also between two steps
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
        names.push_back(at->path().filename().string());
    return names;
}

std::vector<std::string> open_files_of(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    std::vector<std::string> targets;
    for (const std::string& name : names_in(folder)) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(folder + "/" + name, gone);
        if (!gone) targets.push_back(target.string());
    }
    return targets;
}

std::vector<Process> children_of(pid_t parent) {
    std::vector<Process> found;
    for (const std::string& name : names_in("/proc")) {
        pid_t pid = 0;
        const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || stop != name.data() + name.size()) continue;
        const auto process = read_process(pid);
        if (process && process->parent == parent && !is_over(*process)) found.push_back(*process);
    }
    return found;
}

bool has_gone(pid_t pid) {
    static_cast<void>(::waitpid(pid, nullptr, WNOHANG));
    const auto process = read_process(pid);
    return !process || is_over(*process);
}

std::size_t threads_of(pid_t pid) {
    return names_in("/proc/" + std::to_string(pid) + "/task").size();
}

bool has_thread(pid_t pid, const std::string& name) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/task";
    for (const std::string& task : names_in(folder)) {
        std::ifstream file(folder + "/" + task + "/comm");
        std::string own;
        if (std::getline(file, own) && own == name) return true;
    }
    return false;
}

char state_of(pid_t pid) {
    const auto process = read_process(pid);
    return process ? process->state : '?';
}

Stopped::Stopped(pid_t pid) : pid_(pid) {
    ::kill(pid_, SIGSTOP);
    const std::string folder = "/proc/" + std::to_string(pid_) + "/task/";
    const auto all_stand = [&] {
        for (const std::string& task : names_in(folder)) {
            const auto thread = read_stat(pid_, folder + task);
            if (thread && thread->state != 'T') return false;
        }
        return true;
    };
    if (!becomes_true(std::chrono::seconds(1), all_stand))
        throw std::runtime_error("a process does not stop");
}

Stopped::~Stopped() {
    ::kill(pid_, SIGCONT);
}

void adopt_orphans() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace mpmd::test

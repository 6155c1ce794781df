#include "tests/support/processes.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <sys/prctl.h>
#include <sys/wait.h>

namespace mpmd::test {
namespace {

std::optional<Process> read_process(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
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
    return process;
}

}  // namespace

std::vector<Process> children_of(pid_t parent) {
    std::vector<Process> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename().string();
        pid_t pid = 0;
        const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc{} || stop != name.data() + name.size()) continue;
        const auto process = read_process(pid);
        if (process && process->parent == parent && process->state != 'Z' && process->state != 'X')
            found.push_back(*process);
    }
    return found;
}

bool has_gone(pid_t pid) {
    static_cast<void>(::waitpid(pid, nullptr, WNOHANG));
    const auto process = read_process(pid);
    return !process || process->state == 'Z' || process->state == 'X';
}

std::size_t threads_of(pid_t pid) {
    std::error_code gone;
    const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid) + "/task", gone);
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

char state_of(pid_t pid) {
    const auto process = read_process(pid);
    return process ? process->state : '?';
}

void adopt_orphans() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

}  // namespace mpmd::test

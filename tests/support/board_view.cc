#include "tests/support/board_view.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>

#include "daemon/os/unique_fd.h"
#include "tests/support/processes.h"

namespace mpmd::test {

namespace {

os::UniqueFd opened(const std::string& path) {
    return os::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

os::UniqueFd scoreboard_of(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
    std::vector<std::string> files;
    for (const std::string& name : names_in(folder)) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(folder + name, gone).string();
        if (target.find("memfd:mpmd-scoreboard") != std::string::npos) return opened(folder + name);
        if (std::filesystem::is_regular_file(folder + name, gone)) files.push_back(folder + name);
    }
    for (const std::string& file : files)  // ScoreBoardFile
        if (os::UniqueFd fd = opened(file); fd && scoreboard::Reader::open(fd.get())) return fd;
    return {};
}

template <class Look>
auto look_at(pid_t pid, Look look) -> decltype(look(scoreboard::View{})) {
    const os::UniqueFd fd = scoreboard_of(pid);
    if (!fd) return {};
    const auto reader = scoreboard::Reader::open(fd.get());
    if (!reader) return {};
    return look(reader->view());
}

}  // namespace

scoreboard::Snapshot snapshot_of(pid_t supervisor) {
    return look_at(supervisor,
                   [](const scoreboard::View& view) { return scoreboard::take_snapshot(view); });
}

bool at_rest(pid_t supervisor) {
    const scoreboard::Snapshot seen = snapshot_of(supervisor);
    if (seen.global.state != scoreboard::ServerState::Running || seen.children.empty())
        return false;
    return std::all_of(seen.children.begin(), seen.children.end(), [](const auto& child) {
        if (child.row.state == scoreboard::ChildState::Ready) return true;  // stands by
        return child.row.state == scoreboard::ChildState::Running && child.numbers.accepting &&
               child.idle == child.row.threads && child.connections() == 0;
    });
}

std::size_t running_requests(pid_t supervisor, std::string_view target) {
    return look_at(supervisor, [target](const scoreboard::View& view) {
        std::size_t count = 0;
        for (const scoreboard::Child& child : scoreboard::take_snapshot(view).children)
            scoreboard::each_connection(
                view, child.row, [&](std::uint32_t, const scoreboard::ConnectionRow& row) {
                    const bool under_way = row.state != scoreboard::ConnectionState::Free &&
                                           row.state != scoreboard::ConnectionState::KeepAlive &&
                                           row.state != scoreboard::ConnectionState::Closing;
                    if (under_way &&
                        scoreboard::text(row.target).substr(0, target.size()) == target)
                        ++count;
                });
        return count;
    });
}

std::vector<scoreboard::EventRow> events_of(pid_t supervisor) {
    return look_at(supervisor,
                   [](const scoreboard::View& view) { return scoreboard::events(view); });
}

bool had_event(pid_t supervisor, std::string_view kind) {
    const auto all = events_of(supervisor);
    return std::any_of(all.begin(), all.end(), [kind](const scoreboard::EventRow& event) {
        return scoreboard::text(event.kind) == kind;
    });
}

std::vector<scoreboard::OperationHead> operations_of(pid_t supervisor) {
    return look_at(supervisor,
                   [](const scoreboard::View& view) { return scoreboard::operations(view); });
}

std::vector<scoreboard::DecisionRow> decisions_of(pid_t supervisor) {
    return look_at(supervisor,
                   [](const scoreboard::View& view) { return scoreboard::decisions(view); });
}

}  // namespace mpmd::test

#include "tests/support/board_view.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

namespace {

os::UniqueFd scoreboard_of(pid_t pid) {
    std::error_code ignored;
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const auto target = std::filesystem::read_symlink(entry.path(), ignored);
        if (target.string().find("memfd:mpmd-scoreboard") == std::string::npos) continue;
        return os::UniqueFd(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    }
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

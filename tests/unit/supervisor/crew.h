#pragma once

// Children without processes: a table and the scoreboard they would write, for tests of what the
// supervisor reads there.

#include <string_view>

#include "daemon/supervisor/board.h"
#include "daemon/supervisor/child_table.h"

namespace mpmd::supervisor {

struct Crew {
    static constexpr scoreboard::ExtentShape kShape{4, 16};

    // In the next slot, running, accepting, its listener has begun, all four threads ready.
    Child& add(std::uint32_t generation = 1) {
        const auto slot = static_cast<std::uint32_t>(table.size());
        const auto extent = board.allocate(kShape);
        Child child;
        child.uid = ChildUid(slot + 1);
        child.slot = SlotIndex(slot);
        child.pid = static_cast<pid_t>(1000 + slot);
        child.generation = Generation(generation);
        child.state = scoreboard::ChildState::Running;
        child.was_ready = true;
        child.extent_offset = extent->offset;
        child.shape = kShape;
        Child& kept = table.add(std::move(child));
        board.show(kept);
        for (std::uint32_t thread = 0; thread < kShape.threads; ++thread)
            set(kept, thread, scoreboard::WorkerState::Ready);
        memory(kept).status().accepting = 1;
        memory(kept).status().heartbeat_ns = 1;
        return kept;
    }
    [[nodiscard]] scoreboard::Extent memory(const Child& child) {
        return board.segment().extent(child.extent_offset, child.shape);
    }
    void set(const Child& child, std::uint32_t thread, scoreboard::WorkerState state) {
        scoreboard::WorkerRow row{};
        row.state = state;
        memory(child).worker(thread).write(row);
    }
    void set_all(const Child& child, scoreboard::WorkerState state) {
        for (std::uint32_t thread = 0; thread < kShape.threads; ++thread)
            set(child, thread, state);
    }
    // A connection of 198.51.100.7, accepted so many seconds before second 10,000.
    void connect(const Child& child, std::uint32_t index, int age, std::string_view target) {
        scoreboard::ConnectionRow row{};
        row.state = scoreboard::ConnectionState::Running;
        row.family = 4;
        row.number = index + 1;
        row.peer_address = {198, 51, 100, 7};
        row.peer_port = 51122;
        row.accepted_ns = static_cast<std::uint64_t>(10'000 - age) * 1'000'000'000;
        scoreboard::set_text(row.method, "GET");
        scoreboard::set_text(row.target, target);
        memory(child).connection(index).write(row);
    }

    Board board = std::move(*Board::create({}));
    ChildTable table;
};

}  // namespace mpmd::supervisor

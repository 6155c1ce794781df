#pragma once

// A scoreboard as a busy server in the middle of a graceful restart would show it, made by hand:
// one child of the current generation, one of the last that drains, one that drains in a slot
// beyond the active limit, and a free slot with a past. One client tries to be HTML.

#include "daemon/scoreboard/segment.h"
#include "daemon/scoreboard/snapshot.h"

namespace mpmd::test {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

struct StatusBoard {
    scoreboard::Segment segment;
    scoreboard::Global global{};
    std::uint64_t next_extent = scoreboard::kArenaOffset;

    StatusBoard() : segment(std::move(*scoreboard::Segment::create(header()))) {
        fill_global();
        current_child();
        old_child();
        child_beyond_the_limit();
        scoreboard::ChildRow past{};
        past.past_requests = 40;
        past.past_bytes = std::uint64_t{5} * 1024 * 1024;
        past.past_duration_ns = 12 * kSecond;
        past.past_generation = 0;
        segment.child(1).write(past);
    }

    [[nodiscard]] scoreboard::View view() const { return segment.view(); }
    void publish() const { segment.global().write(global); }

    struct Place {
        scoreboard::ChildRow row{};
        scoreboard::Extent extent;
    };
    Place child(std::uint32_t slot, std::uint32_t generation, std::uint32_t threads) {
        Place place;
        const scoreboard::ExtentShape shape{threads, 128};
        place.extent = segment.extent(next_extent, shape);
        place.row.uid = 100 + slot;
        place.row.pid = 4000 + slot;
        place.row.generation = generation;
        place.row.extent_offset = next_extent;
        place.row.threads = threads;
        place.row.connection_rows = 128;
        place.row.state = scoreboard::ChildState::Running;
        place.row.epoch = 1;
        place.row.user_us = 1'500'000;
        place.row.system_us = 250'000;
        next_extent += shape.bytes();
        return place;
    }
    static void set(const Place& place, std::uint32_t thread, scoreboard::WorkerState state) {
        scoreboard::WorkerRow row{};
        row.state = state;
        place.extent.worker(thread).write(row);
    }

private:
    static scoreboard::Header header() {
        scoreboard::Header header{};
        scoreboard::set_text(header.version, "0.2.0");
        scoreboard::set_text(header.platform, "Debian");
        scoreboard::set_text(header.built, "Nov 21 2026 10:00:00");
        return header;
    }

    void fill_global() {
        global.epoch = 1;
        global.generation = 2;
        global.extended_status = 1;
        global.restart_wall_us = 1'000'000'000'000'000;
        global.high_slot = 6;
        global.server_limit = 6;
        global.threads_per_child = 4;
        global.max_request_workers = 16;
        global.gone_requests_on_workers = 40;
        global.gone_requests_on_listener = 1000;
        global.gone_bytes_out = 6'000'000;
        global.gone_duration_ns = 12 * kSecond;
        global.own_user_us = 30'000;
        global.own_system_us = 20'000;
        global.gone_user_us = 700'000;
        publish();
    }

    void current_child() {
        using scoreboard::WorkerState;
        Place place = child(0, 2, 4);
        segment.child(0).write(place.row);
        auto& status = place.extent.status();
        status.accepting = 1;
        status.requests_on_listener = 5000;
        status.requests_on_workers = 21;
        status.bytes_out = 20'000'000;
        status.duration_ns = 3 * kSecond;
        status.listener_busy_permille = 125;
        status.listener_state = static_cast<int>(WorkerState::Writing);
        status.in_progress = 1;
        status.connections[1] = 2;   // reading: the asker is one of them
        status.connections[2] = 1;   // running
        status.connections[4] = 3;   // writing
        status.connections[5] = 70;  // keep-alive
        busy_worker(place);
        set(place, 1, WorkerState::Ready);
        scoreboard::WorkerRow idle{};
        idle.state = WorkerState::Ready;
        idle.version = 10;
        idle.since_ns = 900 * kSecond;
        idle.requests = 20;
        idle.slot_requests = 25;
        idle.slot_duration_ns = 2 * kSecond;
        idle.last_ns = 17'000'000;
        idle.cpu_ns = 1'234'000'000;
        idle.bytes_out = 3'000'000;
        idle.slot_bytes = 4'000'000;
        scoreboard::set_text(idle.peer, "[2001:db8::7]:443");
        scoreboard::set_text(idle.method, "GET");
        scoreboard::set_text(idle.vhost, "www.example.org");
        scoreboard::set_text(idle.target, "http://me:secret@www.example.org/a?b=c");
        place.extent.worker(2).write(idle);
        set(place, 3, WorkerState::Starting);
    }

    // What a client sent is text, whatever it looks like.
    static void busy_worker(const Place& place) {
        scoreboard::WorkerRow row{};
        row.state = scoreboard::WorkerState::Writing;
        row.version = 11;
        row.since_ns = 997 * kSecond;
        row.requests = 1;
        row.slot_requests = 1;
        row.connection = 77;
        row.connection_row = 5;
        row.connection_requests = 3;
        scoreboard::set_text(row.peer, "192.0.2.9:51122");
        scoreboard::set_text(row.method, "GET");
        scoreboard::set_text(row.vhost, "a\"><img src=x onerror=alert(1)>");
        scoreboard::set_text(row.target, "/<script>alert('x')</script>?a&b\xff\x1b[2J");
        place.extent.worker(0).write(row);
        scoreboard::ConnectionRow connection{};
        connection.state = scoreboard::ConnectionState::Running;
        connection.number = 77;
        connection.bytes_out = 2560;
        place.extent.connection(5).write(connection);
    }

    void old_child() {
        using scoreboard::WorkerState;
        Place place = child(2, 1, 4);
        place.row.state = scoreboard::ChildState::Draining;
        segment.child(2).write(place.row);
        auto& status = place.extent.status();
        status.requests_on_listener = 10;
        status.requests_on_workers = 5;
        status.draining = 1;
        status.connections[3] = 1;  // wait-io
        status.connections[6] = 2;  // closing
        set(place, 0, WorkerState::Graceful);
        set(place, 1, WorkerState::Writing);
        set(place, 2, WorkerState::KeepAlive);
        set(place, 3, WorkerState::Ready);  // does not count: the child stops
    }

    void child_beyond_the_limit() {
        using scoreboard::WorkerState;
        Place place = child(5, 2, 6);
        place.row.state = scoreboard::ChildState::Draining;
        segment.child(5).write(place.row);
        set(place, 0, WorkerState::Closing);
        set(place, 5, WorkerState::Logging);
    }
};

}  // namespace mpmd::test

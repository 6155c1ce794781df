#include "daemon/mpm/connection_state.h"

#include <ostream>

#include <boost/test/unit_test.hpp>

#include "daemon/mpm/timer_wheel.h"

namespace mpm = mpmd::mpm;
using mpm::DeadlineKind;
using mpm::Event;
using mpm::Owner;
using mpm::State;
using mpm::TimeoutAnswer;
using mpm::Watch;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;

namespace mpmd::mpm {
std::ostream& operator<<(std::ostream& out, State state) {
    return out << to_text(state);
}
}  // namespace mpmd::mpm

namespace {

mpm::Step step(State state, Event event) {
    const auto next = mpm::next_step(state, event);
    BOOST_REQUIRE_MESSAGE(next.has_value(), mpm::to_text(state) << " + " << mpm::to_text(event));
    return *next;
}

bool parked(const mpm::Step& s, Watch watch) {
    return s.owner == Owner::Listener && s.watch == watch;
}

MonoTime at(int milliseconds) {
    return MonoTime(Milliseconds(milliseconds));
}

const mpm::DeadlineLimits kLimits{Seconds(60), Seconds(60), Seconds(3), Seconds(1), Seconds(1)};

}  // namespace

BOOST_AUTO_TEST_SUITE(connection_state)

BOOST_AUTO_TEST_CASE(
    the_listener_answers_what_it_can_and_asks_a_worker_for_the_rest) {  // decisions.md 14
    const mpm::Step ready = step(State::Reading, Event::RequestReady);
    BOOST_TEST(ready.state == State::Handling);
    BOOST_TEST((ready.owner == Owner::Listener));
    const mpm::Step worker = step(State::Reading, Event::NeedsWorker);
    BOOST_TEST(worker.state == State::Handling);
    BOOST_TEST((worker.owner == Owner::Worker));
    BOOST_TEST((worker.deadline == DeadlineKind::Queue));
    BOOST_TEST((step(State::Handling, Event::WorkerTook).deadline == DeadlineKind::None));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_holds_no_worker) {
    const mpm::Step s = step(State::Handling, Event::WouldBlockWrite);
    BOOST_TEST(s.state == State::Writing);
    BOOST_TEST(parked(s, Watch::Write));
    BOOST_TEST(parked(step(State::Writing, Event::WouldBlockWrite), Watch::Write));
}

BOOST_AUTO_TEST_CASE(a_slow_head_and_a_slow_body_hold_no_worker) {  // A-20, decisions.md 1
    BOOST_TEST(parked(step(State::Reading, Event::InputAwaited), Watch::Read));
    BOOST_TEST(parked(step(State::Handling, Event::BodyAwaited), Watch::Read));
    BOOST_TEST(parked(step(State::Handling, Event::WaitWrite), Watch::Write));
}

BOOST_AUTO_TEST_CASE(a_suspended_handler_holds_neither_a_worker_nor_the_client) {  // 4.1, E-4
    for (const State state : {State::Handling, State::Writing}) {
        const mpm::Step s = step(state, Event::Suspend);
        BOOST_TEST(s.state == State::Suspended);
        BOOST_TEST(parked(s, Watch::Read));
        BOOST_TEST((s.deadline == DeadlineKind::Timer));
    }
    // Executed by a worker, when its time has come.
    BOOST_TEST((step(State::Suspended, Event::Deadline).owner == Owner::Worker));
    BOOST_TEST(step(State::Suspended, Event::PeerClosed).state == State::Suspended);
}

BOOST_AUTO_TEST_CASE(a_slow_head_does_not_renew_its_deadline) {
    BOOST_TEST((step(State::Reading, Event::InputAwaited).deadline == DeadlineKind::Unchanged));
}

BOOST_AUTO_TEST_CASE(after_the_response_the_connection_goes_on_in_one_of_four_ways) {
    const mpm::Step pipelined = step(State::Handling, Event::FlushedPipelined);
    BOOST_TEST(pipelined.state == State::Reading);
    BOOST_TEST((pipelined.owner == Owner::Same));  // same thread, at once
    BOOST_TEST(step(State::Writing, Event::FlushedIdle).state == State::KeepAlive);
    BOOST_TEST(step(State::Writing, Event::FlushedClose).state == State::Lingering);
    BOOST_TEST(step(State::Writing, Event::FlushedDone).state == State::Closed);
}

BOOST_AUTO_TEST_CASE(a_half_closed_client_still_gets_its_answer) {
    BOOST_TEST(step(State::Handling, Event::PeerClosed).state == State::Handling);
    BOOST_TEST(step(State::Writing, Event::PeerClosed).state == State::Writing);
    BOOST_TEST(step(State::KeepAlive, Event::PeerClosed).state == State::Closed);
}

BOOST_AUTO_TEST_CASE(
    a_draining_child_lets_work_finish_and_gives_idle_ones_a_grace) {  // E-16, decisions.md 4
    for (const State state : {State::Reading, State::Handling, State::Body, State::WaitIo,
                              State::Suspended, State::Writing}) {
        const mpm::Step s = step(state, Event::Drain);
        BOOST_TEST(s.state == state);
        BOOST_TEST((s.deadline == DeadlineKind::Unchanged));
    }
    const mpm::Step idle = step(State::KeepAlive, Event::Drain);
    BOOST_TEST(idle.state == State::KeepAlive);
    BOOST_TEST((idle.deadline == DeadlineKind::DrainGrace));
    BOOST_TEST((step(State::Lingering, Event::Drain).deadline == DeadlineKind::ShortLinger));
}

BOOST_AUTO_TEST_CASE(a_forced_stop_and_a_broken_socket_close_from_everywhere) {
    for (std::size_t i = 0; i + 1 < mpm::kStates; ++i) {
        BOOST_TEST(step(static_cast<State>(i), Event::Stop).state == State::Closed);
        BOOST_TEST(step(static_cast<State>(i), Event::Error).state == State::Closed);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_happen_has_no_arc) {
    BOOST_TEST(!mpm::next_step(State::Closed, Event::InputArrived));
    BOOST_TEST(!mpm::next_step(State::KeepAlive, Event::WouldBlockWrite));
    BOOST_TEST(!mpm::next_step(State::Writing, Event::Shed));  // only idle ones and half heads
    BOOST_TEST(!mpm::next_step(State::Handling, Event::Shed));
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_tells_the_client_what_e22_says) {
    BOOST_TEST((mpm::timeout_answer(State::Reading, false, false) == TimeoutAnswer::Close));
    BOOST_TEST((mpm::timeout_answer(State::Reading, true, false) == TimeoutAnswer::Answer408));
    BOOST_TEST((mpm::timeout_answer(State::Body, true, false) == TimeoutAnswer::Answer408));
    BOOST_TEST((mpm::timeout_answer(State::Body, true, true) == TimeoutAnswer::DropAborted));
    BOOST_TEST((mpm::timeout_answer(State::WaitIo, true, false) == TimeoutAnswer::Answer408));
    BOOST_TEST((mpm::timeout_answer(State::WaitIo, false, false) == TimeoutAnswer::Close));
    BOOST_TEST((mpm::timeout_answer(State::KeepAlive, false, false) == TimeoutAnswer::Close));
    BOOST_TEST((mpm::timeout_answer(State::Writing, true, true) == TimeoutAnswer::DropAborted));
    BOOST_TEST((mpm::timeout_answer(State::Handling, true, false) == TimeoutAnswer::Answer503));
}

BOOST_AUTO_TEST_SUITE_END()

// Class-C timings, with virtual time.
BOOST_AUTO_TEST_SUITE(connection_timing)

namespace {

// A connection on a wheel, driven by events at times.
class Connection {
public:
    explicit Connection(mpm::TimerWheel& wheel) : wheel_(wheel) {}
    ~Connection() { wheel_.cancel(node_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void enter(mpm::Step s, MonoTime now) {
        if (s.state != State::Lingering) lingering_since_.reset();
        if (s.state == State::Lingering && state_ != State::Lingering) lingering_since_ = now;
        state_ = s.state;
        running_ = mpm::deadline_for(s.deadline, {now, running_, lingering_since_}, kLimits);
        if (running_) {
            wheel_.arm(node_, *running_);
        } else {
            wheel_.cancel(node_);
        }
    }
    void on(Event event, MonoTime now) { enter(step(state_, event), now); }
    [[nodiscard]] State state() const { return state_; }

    // Sleeps until the deadline passes; returns when.
    MonoTime wait() {
        MonoTime now{};
        bool fired = false;
        while (!fired) {
            now = wheel_.next_wakeup().value();
            wheel_.expire(now, [&](mpm::TimerNode&) { fired = true; });
        }
        on(Event::Deadline, now);
        return now;
    }

private:
    mpm::TimerWheel& wheel_;
    mpm::TimerNode node_;
    State state_ = State::Reading;
    std::optional<MonoTime> running_;
    std::optional<MonoTime> lingering_since_;
};

void check_between(MonoTime value, MonoTime low, MonoTime high) {
    BOOST_TEST(value.time_since_epoch().count() >= low.time_since_epoch().count());
    BOOST_TEST(value.time_since_epoch().count() < high.time_since_epoch().count());
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_idle_keep_alive_is_closed_after_3_s_and_its_descriptor_2_s_later) {
    mpm::TimerWheel wheel(at(0));
    Connection connection(wheel);
    connection.enter({State::Handling, Owner::Listener, Watch::Nothing, DeadlineKind::None},
                     at(1000));
    connection.on(Event::FlushedIdle, at(1000));
    const MonoTime fin = connection.wait();
    check_between(fin, at(4000), at(4200));
    BOOST_TEST(connection.state() == State::Lingering);
    const MonoTime gone = connection.wait();
    check_between(gone, fin + Seconds(2), fin + Milliseconds(2300));
    BOOST_TEST(connection.state() == State::Closed);
}

BOOST_AUTO_TEST_CASE(a_client_that_keeps_sending_is_cut_after_30_s_all_the_same) {  // A-17, E-6
    mpm::TimerWheel wheel(at(0));
    Connection connection(wheel);
    connection.enter({State::Handling, Owner::Listener, Watch::Nothing, DeadlineKind::None}, at(0));
    connection.on(Event::FlushedClose, at(0));
    for (int i = 1; i < 300; ++i)
        connection.on(Event::InputArrived, at(100 * i));
    check_between(connection.wait(), at(30000), at(30500));
}

BOOST_AUTO_TEST_CASE(half_a_request_line_times_out_from_its_beginning) {
    mpm::TimerWheel wheel(at(0));
    Connection connection(wheel);
    connection.enter(mpm::kAccepted, at(0));
    for (int i = 1; i < 50; ++i)
        connection.on(Event::InputAwaited, at(1000 * i));
    check_between(connection.wait(), at(60000), at(60100));
}

BOOST_AUTO_TEST_CASE(
    a_wait_for_a_body_starts_again_with_each_piece) {  // 4.1, 4.9: WAIT_IO, TimeOut
    mpm::TimerWheel wheel(at(0));
    Connection connection(wheel);
    connection.enter({State::Handling, Owner::Worker, Watch::Nothing, DeadlineKind::None}, at(0));
    connection.on(Event::WaitRead, at(0));
    BOOST_TEST(connection.state() == State::WaitIo);
    for (int i = 1; i <= 3; ++i) {
        connection.on(Event::NeedsWorker, at(50'000 * i));
        connection.on(Event::WorkerTook, at(50'000 * i));
        BOOST_TEST(connection.state() == State::Handling);
        connection.on(Event::WaitRead, at(50'000 * i));
    }
    check_between(connection.wait(), at(210'000), at(210'100));
}

BOOST_AUTO_TEST_CASE(a_drain_never_lengthens_a_wait) {
    const auto until = [](DeadlineKind kind, int now, int running, int lingering) {
        return mpm::deadline_for(kind, {at(now), at(running), at(lingering)}, kLimits);
    };
    BOOST_TEST((until(DeadlineKind::DrainGrace, 1000, 5000, 0) == at(2000)));
    BOOST_TEST((until(DeadlineKind::DrainGrace, 1000, 1200, 0) == at(1200)));
    BOOST_TEST((until(DeadlineKind::ShortLinger, 9000, 30000, 0) == at(2000)));  // since its start
}

BOOST_AUTO_TEST_SUITE_END()

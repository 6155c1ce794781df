#include "daemon/supervisor/children.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/script_use.h"
#include "daemon/os/clock.h"
#include "daemon/os/crash_handler.h"
#include "daemon/supervisor/spawn.h"

namespace mpmd::supervisor {

namespace {

using log::Level;
using scoreboard::ChildState;
using scoreboard::RetireReason;

constexpr Seconds kHeartbeatLate{5};
constexpr int kMostShortages = 100;  // told of one child
constexpr Seconds kDescriptorPeriod{10};

os::UniqueFd duplicate(int fd) {
    return os::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

// P-26
std::string ending_text(const Child& child, const os::Ended& ended, const std::string& directory) {
    if (ended.signal)
        return fmt::format("child pid {} exit signal {} ({}){}", child.pid,
                           ::strsignal(*ended.signal), *ended.signal,
                           ended.core ? ", core dumped in " + directory : "");
    return fmt::format("child pid {} exit status {}", child.pid, ended.exit_status);
}

std::string thread_text(std::int32_t thread) {
    if (thread == scoreboard::kListenerThread) return "the listener";
    return thread < 0 ? "the main thread" : fmt::format("worker {}", thread);
}

std::string remedy(int os_errno) {
    if (os_errno == EMFILE)
        return fmt::format("Raise the limit of open files, now {} (LimitNOFILE=, ulimit -n)",
                           os::descriptor_limit());
    if (os_errno == ENFILE) return "Raise fs.file-max";
    return "The system is short of memory, or refuses";
}

}  // namespace

Result<ChildUid> Children::start(const Birth& birth) {
    const std::optional<SlotIndex> free = slot_for(birth);
    if (!free) return fail(Error::text("no process slot is free"));
    const SlotIndex slot = *free;
    const config::Settings& settings = core_.settings();
    const auto threads = static_cast<std::uint32_t>(settings.limits.threads_per_child);
    const auto factor = static_cast<std::uint64_t>(settings.limits.async_factor_micro);
    // Under MPM worker a connection needs a thread, and a thread holds one.
    const bool whole = settings.limits.model == mpm::Model::Worker;
    const scoreboard::ExtentShape shape{
        threads, whole ? threads : scoreboard::connection_rows(threads, factor)};
    const std::optional<Extent> extent = core_.board.allocate(shape);
    if (!extent) {
        const std::string text =
            settings.score_board_file.empty()
                ? "the scoreboard has no room for another child"
                : fmt::format(
                      "no room for another child in ScoreBoardFile \"{}\": is its disk "
                      "full? It is tried again",
                      settings.score_board_file);
        if (!std::exchange(told_no_room_, true)) core_.tell(Level::Error, "child.no_room", text);
        return fail(Error::text(text));
    }
    told_no_room_ = false;
    core_.board.hand_down(slot, *extent);
    auto uid = fork_into(slot, *extent, birth);
    if (!uid) {
        core_.board.release(*extent);
        const MonoTime now = os::mono_now();
        const MonoTime again = core_.respawn.fork_failed(now);
        core_.tell(
            Level::Error, "child.fork_failed",
            fmt::format("cannot fork child for slot {}: {}; retrying in {} s", slot.value(),
                        uid.error().message, std::chrono::ceil<Seconds>(again - now).count()));
        return uid;
    }
    core_.respawn.fork_succeeded();
    return uid;
}

std::optional<SlotIndex> Children::slot_for(const Birth& birth) const {
    if (birth.slot && core_.children.is_free(*birth.slot, core_.slots())) return birth.slot;
    const auto buckets = static_cast<std::uint32_t>(core_.listeners.buckets());
    const Child* old = birth.instead_of ? core_.children.find(*birth.instead_of) : nullptr;
    const std::uint32_t bucket = old != nullptr && old->buckets == buckets
                                     ? old->slot.value() % buckets
                                     : core_.children.emptiest_bucket(buckets);
    std::vector<SlotIndex> free = core_.children.free_slots(core_.slots(), 1, {bucket, buckets});
    // A successor comes before the old one goes, and waits for no drain: it may stand beyond the
    // reserve, which is back within RetiringLimit once it serves (decisions.md 4).
    if (free.empty() && (birth.operation != 0 || birth.instead_of))
        free = core_.children.free_slots(scoreboard::kMaxChildren, 1, {bucket, buckets});
    if (free.empty()) return std::nullopt;
    return free.front();
}

Result<ChildUid> Children::fork_into(SlotIndex slot, const Extent& extent, const Birth& birth) {
    auto [ours, theirs] = TRY(ipc::ChildChannel::pair());
    const ChildUid uid(core_.next_child);
    ChildPlan plan;
    plan.heritage.uid = uid;
    plan.heritage.slot = slot;
    plan.heritage.generation = core_.revisions.generation();
    plan.heritage.config = core_.revisions.config();
    plan.heritage.live = core_.settings().live;
    plan.heritage.shape = extent.shape;
    plan.heritage.channel = theirs.release();
    plan.heritage.error_log = duplicate(core_.error_log.fd());
    for (const os::UniqueFd& log : core_.custom_logs)
        plan.heritage.custom_logs.push_back(duplicate(log.get()));
    plan.heritage.held = birth.held;
    plan.listeners = &core_.listeners;
    plan.bucket = slot.value() % core_.listeners.buckets();
    plan.heritage.accept_mutex = TRY(core_.accept_mutexes.for_child(plan.bucket));
    plan.segment = &core_.board.segment();
    plan.extent_offset = extent.offset;
    plan.identity = core_.identities.children ? &*core_.identities.children : nullptr;

    Child child;
    child.pid = TRY(fork_child(std::move(plan)));
    ++core_.next_child;
    child.uid = uid;
    child.slot = slot;
    child.buckets = static_cast<std::uint32_t>(core_.listeners.buckets());
    child.generation = core_.revisions.generation();
    child.revision = core_.revisions.revision();
    child.epoch = core_.board.global.epoch;
    child.operation = birth.operation;
    child.channel = std::move(ours);
    child.extent_offset = extent.offset;
    child.shape = extent.shape;
    child.held = birth.held;
    child.runs_scripts = config::runs_scripts(core_.settings());
    child.born = os::mono_now();
    child.born_wall = os::wall_now();
    Child& kept = core_.children.add(std::move(child));
    ++core_.board.global.spawned;
    core_.board.show(kept);
    watch(kept);
    escalate_at(kept, kept.born + kStartLimit);
    return uid;
}

void Children::watch(Child& child) {
    const ChildUid uid = child.uid;
    const auto watched = core_.loop.watch(child.channel.fd(), EPOLLIN,
                                          [this, uid](std::uint32_t) { read_channel(uid); });
    if (!watched) core_.note(Level::Error, watched.error().context("child channel").message);
}

void Children::read_channel(ChildUid uid) {
    constexpr int kMostAtOnce = 32;  // a child that talks without end gets its turn like the others
    for (int i = 0; i < kMostAtOnce; ++i) {
        Child* child = core_.children.find(uid);
        if (child == nullptr) return;
        const ipc::ChildEvent event = child->channel.next();
        if (std::holds_alternative<ipc::ChannelEmpty>(event)) return;
        if (std::holds_alternative<ipc::ChannelEnd>(event)) {
            // It ends now, or has gone mad: reaping or the ladder settles it.
            core_.loop.forget(child->channel.fd());
            escalate_at(*child, os::mono_now() + Milliseconds(core_.settings().stop_timeout_ms));
            return;
        }
        handle(*child, std::get<ipc::ChildMessage>(event));
    }
}

void Children::handle(Child& child, const ipc::ChildMessage& message) {
    switch (static_cast<ipc::Report>(message.kind)) {
        case ipc::Report::Ready:
            became_ready(child);
            break;
        case ipc::Report::NearQuota:
            // It may have stopped accepting in the same breath.
            if (!child.leaving() || child.reason == RetireReason::Quota) hooks_.near_quota(child);
            break;
        case ipc::Report::StoppedAccepting:
            child.door_closed = true;
            leaves_by_itself(child);
            hooks_.stopped_accepting(child);
            break;
        case ipc::Report::Draining:
            child.paused = false;  // its quota was used up as well: no way back
            leaves_by_itself(child);
            break;
        case ipc::Report::Failed: {
            ipc::FailedReport report;
            if (!message.read(report) || child.complained) break;
            child.complained = true;
            report.text[sizeof(report.text) - 1] = '\0';
            core_.tell(Level::Error, "child.failed",
                       fmt::format("child pid {} gives up: {}", child.pid, report.text), child.uid);
            break;
        }
        case ipc::Report::Shortage: {
            ipc::ShortageReport report;
            if (message.read(report)) tell_shortage(child, report);
            break;
        }
    }
}

// E-9: once for each episode, with what helps.
void Children::tell_shortage(Child& child, const ipc::ShortageReport& report) {
    const bool begins = report.over == 0;
    if (begins == child.short_of_descriptors) return;
    child.short_of_descriptors = begins;
    if (begins) ++child.shortages;
    if (child.shortages > kMostShortages) return;  // it flutters: said often enough
    if (!begins)
        return core_.tell(Level::Notice, "child.shortage_over",
                          fmt::format("child pid {} accepts without trouble again", child.pid),
                          child.uid);
    core_.tell(Level::Alert, "child.shortage",
               fmt::format("child pid {} cannot accept: {}{}. {}", child.pid,
                           std::strerror(report.os_errno),
                           core_.settings().limits.model == mpm::Model::Event
                               ? "; it lets idle connections go"
                               : "; it tries again",
                           remedy(report.os_errno)),
               child.uid);
}

void Children::became_ready(Child& child) {
    if (child.was_ready) return;
    child.was_ready = true;
    child.ready_wall = os::wall_now();
    measure_usage(child, os::mono_now());
    if (!child.leaving()) {
        child.state = child.held ? ChildState::Ready : ChildState::Running;
        escalations_.erase(child.uid.value());
    }
    core_.board.show(child);
    hooks_.ready(child);
}

void Children::send_live() {
    for (auto& [uid, child] : core_.children.all())
        if (!child.channel.send_body(ipc::Order::Live, core_.settings().live))
            core_.tell(Level::Warn, "child.deaf",
                       fmt::format("child pid {} does not take new values", child.pid), child.uid);
}

void Children::send_logs() {
    std::vector<int> files = {core_.error_log.fd()};
    for (const os::UniqueFd& log : core_.custom_logs)
        files.push_back(log.get());
    for (auto& [uid, child] : core_.children.all())
        (void)child.channel.send(ipc::Order::LogFiles, files);
}

void Children::reap() {
    while (const std::optional<os::Ended> ended = os::reap())
        buried(*ended);
}

void Children::buried(const os::Ended& ended) {
    Child* child = core_.children.find_pid(ended.pid);
    if (child == nullptr) return hooks_.stranger(ended);
    read_channel(child->uid);  // what it said before it went
    core_.loop.forget(child->channel.fd());
    escalations_.erase(child->uid.value());
    const bool retiring = child->leaving();
    child->state = ChildState::Dead;
    tell_ending(*child, ended);
    const ChildUid uid = child->uid;
    core_.board.remove(*child);
    Child last = std::move(*child);
    core_.children.erase(uid);
    hooks_.exited(Exit{last, ended, retiring});
}

void Children::tell_ending(const Child& child, const os::Ended& ended) {
    if (!ended.signal || child.killed)
        ++core_.board.global.exits.at(static_cast<std::size_t>(child.reason));
    std::string text = ending_text(child, ended, core_.core_directory());
    if (child.killed || (!ended.signal && ended.exit_status == 0))
        return core_.log.say(Level::Info, core_.module(), "{}", text);
    if (ended.signal) {
        ++core_.board.global.crashed;
        text += keep_crash(child, ended);
    }
    core_.tell(ended.signal ? Level::Notice : Level::Warn,
               ended.signal ? "child.crashed" : "child.failed", text, child.uid);
}

// Moves what the child left (EnableExceptionHook) to the ring of crashes; a few words of it.
std::string Children::keep_crash(const Child& child, const os::Ended& ended) {
    const auto seen = scoreboard::read_child(core_.board.view(), child.slot.value(), false);
    const auto note = seen ? scoreboard::crash_note(core_.board.view(), seen->row) : std::nullopt;
    if (!note) return {};
    scoreboard::CrashRow row{};
    row.child_uid = child.uid.value();
    row.slot = child.slot.value();
    row.pid = static_cast<std::uint32_t>(child.pid);
    row.generation = child.generation.value();
    row.signal = static_cast<std::uint32_t>(ended.signal.value_or(0));
    row.core = ended.core ? 1 : 0;
    row.note = *note;
    for (std::size_t i = 0; i < note->frames; ++i)
        scoreboard::set_text(row.places[i], os::place_of(note->stack[i]));
    core_.board.crash(row, os::wall_now());
    const std::string target = text::escape(scoreboard::text(note->target));
    return fmt::format(
        ", {}{}", thread_text(note->thread),
        target.empty()
            ? ""
            : fmt::format(" at {} {}", text::escape(scoreboard::text(note->method)), target));
}

void Children::measure(MonoTime now) {
    for (auto& [uid, child] : core_.children.all()) {
        measure_usage(child, now);
        check_heartbeat(child, now);
        core_.board.show(child);
    }
}

void Children::measure_usage(Child& child, MonoTime now) {
    const std::optional<os::Usage> usage = os::usage_of(child.pid);
    if (!usage) return;
    const Nanoseconds passed = now - child.measured;
    if (child.measured != MonoTime{} && passed > Nanoseconds::zero()) {
        const Nanoseconds used =
            usage->cpu.user + usage->cpu.system - child.cpu.user - child.cpu.system;
        child.cpu_permille = static_cast<std::uint32_t>(used.count() * 1000 / passed.count());
    }
    // Every ten seconds, and not all children at the same tick.
    const Nanoseconds age = now - child.born + Seconds(child.uid.value() % 10);
    if (child.open_fds == 0 || age / kDescriptorPeriod != (age - passed) / kDescriptorPeriod)
        child.open_fds = os::open_descriptors_of(child.pid).value_or(child.open_fds);
    child.rss_bytes = usage->rss_bytes;
    child.cpu = usage->cpu;
    child.measured = now;
}

void Children::check_heartbeat(Child& child, MonoTime now) {
    if (!child.was_ready || child.killed) return;
    const auto seen = scoreboard::read_child(core_.board.view(), child.slot.value(), false);
    if (!seen) return;
    // A child cannot make itself younger than now.
    const auto beat = static_cast<std::int64_t>(
        std::min(seen->numbers.heartbeat_ns, static_cast<std::uint64_t>(to_ns(now))));
    const Nanoseconds age = now - std::max(from_ns(beat), child.born);
    const auto seconds = std::chrono::duration_cast<Seconds>(age).count();
    if (age < kHeartbeatLate) {
        if (child.stale)
            core_.tell(Level::Notice, "child.answers",
                       fmt::format("child pid {} answers again", child.pid), child.uid);
        child.stale = false;
        return;
    }
    if (!child.stale) {
        // Never killed at the first look: a machine that stood still has stopped the child as well,
        // and a tick later it has answered.
        child.stale = true;
        return core_.tell(Level::Error, "child.stale",
                          fmt::format("child pid {} has not answered for {} s: its listener hangs",
                                      child.pid, seconds),
                          child.uid);
    }
    const std::int64_t limit = core_.settings().child_hang_timeout_ms;
    if (limit <= 0 || age < Milliseconds(limit)) return;
    core_.tell(Level::Error, "child.hang",
               fmt::format("child pid {} is killed: no answer for {} s (ChildHangTimeout)",
                           child.pid, seconds),
               child.uid);
    child.reason = RetireReason::Hang;
    kill(child);
}

bool Children::any_stale() const {
    for (const auto& [uid, child] : core_.children.all())
        if (child.stale) return true;
    return false;
}

}  // namespace mpmd::supervisor

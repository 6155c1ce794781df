#include "daemon/control/convert.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/mpm/admission.h"
#include "proto/board_messages.h"
#include "proto/messages.h"

namespace mpmd::control {
namespace {

namespace sb = scoreboard;

// A heartbeat older than this is worth a notice.
constexpr std::int64_t kStaleNs = std::int64_t{api::kSilentMs} * 1'000'000;

std::string shown(std::string_view untrusted) {
    return text::escape(untrusted);
}

// Age of a moment on the monotonic clock; 0 for "never" and for the future, which only a broken
// child writes.
std::uint64_t age_ms(MonoTime now, std::uint64_t then_ns) {
    const std::int64_t now_ns = to_ns(now);
    if (then_ns == 0 || static_cast<std::int64_t>(then_ns) > now_ns ||
        static_cast<std::int64_t>(then_ns) < 0)
        return 0;
    return static_cast<std::uint64_t>(now_ns - static_cast<std::int64_t>(then_ns)) / 1'000'000;
}

std::uint32_t narrow(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xffff'ffffU));
}

void set_identity(v1::Server& out, const Sample& sample) {
    const sb::Header& header = sample.snapshot.header;
    const sb::Global& global = sample.snapshot.global;
    out.set_name(shown(sb::text(header.instance)));
    out.set_instance_id(shown(sb::text(header.instance_id)));
    out.set_version(shown(sb::text(header.version)));
    out.set_built(shown(sb::text(header.built)));
    out.set_mpm(global.model == 1 ? "worker" : "event");
    out.set_pid(header.supervisor_pid);
    out.set_state(v1::ServerState_IsValid(static_cast<int>(global.state))
                      ? static_cast<v1::ServerState>(global.state)
                      : v1::SERVER_STATE_UNSPECIFIED);
    out.set_generation(global.generation);
    out.set_revision(global.revision);
    out.set_epoch(global.epoch);
    out.set_etag(etag_of(global.revision));
    set_time(out.mutable_start_time(), header.start_wall_us);
    set_time(out.mutable_restart_time(), global.restart_wall_us);
    out.set_uptime_seconds(narrow(age_ms(sample.mono, header.start_mono_ns) / 1000));
    set_time(out.mutable_sample_time(), static_cast<std::uint64_t>(to_us(sample.wall)));
    out.set_online_cores(global.online_cores);
    out.set_load_1(sample.load_1);
    for (const std::string_view address : text::split(sb::text(global.listen), ' '))
        if (!address.empty()) out.add_listen(shown(address));
}

void set_requests(v1::Requests* out, const Sample& sample) {
    const sb::Totals& totals = sample.snapshot.totals;
    out->set_total(totals.requests_on_listener + totals.requests_on_workers);
    out->set_on_listener(totals.requests_on_listener);
    out->set_on_workers(totals.requests_on_workers);
    out->set_in_progress(totals.in_progress);
    out->set_per_second(sample.rates.requests);
    out->set_per_second_10s(sample.rates.requests_10s);
    out->set_per_second_60s(sample.rates.requests_60s);
    out->set_bytes_in(totals.bytes_in);
    out->set_bytes_out(totals.bytes_out);
    out->set_bytes_out_per_second(sample.rates.bytes_out);
    out->set_status_1xx(totals.status[1]);
    out->set_status_2xx(totals.status[2]);
    out->set_status_3xx(totals.status[3]);
    out->set_status_4xx(totals.status[4]);
    out->set_status_5xx(totals.status[5]);
    out->set_shed_keep_alive(totals.shed_keep_alive);
    out->set_shed_head(totals.shed_head);
    out->set_queue_timeouts(totals.queue_timeouts);
    out->set_queued(totals.queued);
    out->set_listener_busy_permille(totals.listener_busy_permille);
    out->set_connections_accepted(totals.accepted);
    out->set_refused_on_keep_alive(totals.refused_on_keep_alive);
    out->set_deadline_wakeups(totals.deadline_wakeups);
    out->set_accept_errors(totals.accept_errors);
}

void set_limits(v1::Limits* out, const sb::Global& global) {
    out->set_server_limit(global.server_limit);
    out->set_thread_limit(global.thread_limit);
    out->set_threads_per_child(global.threads_per_child);
    out->set_max_request_workers(global.max_request_workers);
    out->set_start_servers(global.start_servers);
    out->set_min_spare_threads(global.min_spare_threads);
    out->set_max_spare_threads(global.max_spare_threads);
    out->set_async_request_worker_factor(static_cast<double>(global.async_factor_micro) / 1e6);
}

void set_counts(v1::Server& out, const Sample& sample) {
    const sb::Totals& totals = sample.snapshot.totals;
    const sb::Global& global = sample.snapshot.global;
    auto* workers = out.mutable_workers();
    workers->set_busy(totals.busy);
    workers->set_idle(totals.idle);
    workers->set_starting(totals.starting);
    workers->set_graceful(totals.graceful);
    workers->set_limit(global.max_request_workers);
    api::set_connections(*out.mutable_connections(), totals.connections_by_state);
    // Under MPM worker a connection is a thread; under event E-12.
    const bool whole = global.model == static_cast<std::uint8_t>(mpm::Model::Worker);
    out.mutable_connections()->set_limit(
        whole ? global.max_request_workers
              : narrow(static_cast<std::uint64_t>(
                    mpm::most_connections(global.max_request_workers,
                                          static_cast<std::int64_t>(global.async_factor_micro)))));
    auto* children = out.mutable_children();
    children->set_total(totals.children);
    children->set_active(totals.active);
    children->set_draining(totals.draining);
    children->set_starting(totals.children_starting);
    children->set_not_accepting(totals.not_accepting);
    children->set_spawned(global.spawned);
    children->set_crashed(global.crashed);
    for (std::size_t reason = 0; reason < global.exits.size(); ++reason)
        if (global.exits[reason] > 0)
            (*children->mutable_exits())[std::string(
                reason == 0 ? "failed" : to_text(static_cast<sb::RetireReason>(reason)))] =
                global.exits[reason];
    if (global.threads_per_child > 0)
        children->set_limit(global.max_request_workers / global.threads_per_child);
}

// Running episodes first: they are what the operator asks for.
void add_episodes(v1::Server& out, const Sample& sample) {
    const auto now_us = static_cast<std::uint64_t>(to_us(sample.wall));
    const auto seconds = [](std::uint64_t us) { return narrow(us / 1'000'000); };
    for (const bool running : {true, false}) {
        for (std::size_t cause = 0; cause < sb::kEpisodeCauses; ++cause) {
            const sb::Episode& row = sample.snapshot.global.episodes[cause];
            if (row.count == 0 || (row.end_wall_us == 0) != running) continue;
            const std::uint64_t end =
                std::max(running ? now_us : row.end_wall_us, row.start_wall_us);
            const std::uint64_t lasted = end - row.start_wall_us;
            v1::LimitEpisode& episode = *out.add_limit_episodes();
            episode.set_cause(std::string(to_text(static_cast<sb::EpisodeCause>(cause))));
            episode.set_count(row.count);
            episode.set_running(running);
            set_time(episode.mutable_start_time(), row.start_wall_us);
            if (!running) set_time(episode.mutable_end_time(), row.end_wall_us);
            episode.set_duration_seconds(seconds(lasted));
            episode.set_peak_busy(row.peak_busy);
            episode.set_peak_queued(row.peak_queued);
            episode.set_peak_backlog(row.peak_backlog);
            episode.set_total_seconds(seconds(row.ended_us + (running ? lasted : 0)));
        }
    }
}

const sb::Child* find_child(const Sample* sample, std::uint64_t uid) {
    if (sample == nullptr) return nullptr;
    for (const sb::Child& child : sample->snapshot.children)
        if (child.row.uid == uid) return &child;
    return nullptr;
}

void set_step(v1::OperationStep* out, const sb::OperationStep& step, const Sample* sample) {
    out->set_slot(step.slot);
    out->set_old_uid(step.old_uid);
    out->set_old_pid(step.old_pid);
    out->set_new_uid(step.new_uid);
    out->set_new_pid(step.new_pid);
    out->set_state(std::string(step_word(step.state)));
    if (step.start_wall_us != 0) set_time(out->mutable_start_time(), step.start_wall_us);
    if (step.end_wall_us != 0) set_time(out->mutable_end_time(), step.end_wall_us);
    if (step.state != static_cast<std::uint8_t>(sb::StepState::Draining)) return;
    const sb::Child* old = find_child(sample, step.old_uid);
    if (old == nullptr) return;
    out->set_connections_left(old->connections());
    if (old->numbers.in_progress > 0)
        out->set_note(fmt::format("{} requests in progress", old->numbers.in_progress));
}

// An operation ends while old children drain beyond its limit: then those count that are there.
std::uint32_t still_draining(const sb::OperationHead& head, const Sample* sample) {
    if (!ended(head)) return head.draining;
    if (sample == nullptr) return 0;
    return static_cast<std::uint32_t>(
        std::count_if(sample->snapshot.children.begin(), sample->snapshot.children.end(),
                      [&](const sb::Child& child) {
                          // A child that this operation started may leave for other reasons.
                          return child.row.operation == head.number &&
                                 (child.row.reason == sb::RetireReason::Restart ||
                                  child.row.reason == sb::RetireReason::Reload);
                      }));
}

std::string progress_of(const sb::OperationHead& head, std::uint32_t draining) {
    std::string out = fmt::format("{}/{} replaced", head.done, head.total);
    if (draining > 0) out += fmt::format(", {} draining", draining);
    return out;
}

}  // namespace

void set_time(google::protobuf::Timestamp* out, std::uint64_t wall_us) {
    out->set_seconds(static_cast<std::int64_t>(wall_us / 1'000'000));
    out->set_nanos(static_cast<std::int32_t>(wall_us % 1'000'000 * 1000));
}

std::string etag_of(std::uint64_t revision) {
    return fmt::format("{}", revision);
}

v1::Server server_of(const Sample& sample) {
    const sb::Global& global = sample.snapshot.global;
    v1::Server out;
    set_identity(out, sample);
    set_counts(out, sample);
    set_requests(out.mutable_requests(), sample);
    set_limits(out.mutable_limits(), global);
    *out.mutable_latency() = latency_of(sample.snapshot.totals.latency);
    out.set_shortage(std::string(to_text(global.shortage)));
    out.set_shortage_text(shown(sb::text(global.shortage_text)));
    add_episodes(out, sample);
    for (std::string& notice : notices_of(sample))
        out.add_notices(std::move(notice));
    if (global.reload_wall_us != 0) {
        set_time(out.mutable_last_reload()->mutable_time(), global.reload_wall_us);
        out.mutable_last_reload()->set_succeeded(global.reload_ok != 0);
        out.mutable_last_reload()->set_error(shown(sb::text(global.reload_error)));
    }
    return out;
}

std::vector<std::string> notices_of(const Sample& sample) {
    const sb::Global& global = sample.snapshot.global;
    std::vector<std::string> notices;
    const std::int64_t now_ns = to_ns(sample.mono);
    if (const auto tick = static_cast<std::int64_t>(global.tick_mono_ns);
        tick > 0 && now_ns - tick > kStaleNs)
        notices.push_back(fmt::format(
            "the supervisor has not ticked for {} s: children are neither replaced nor regulated",
            (now_ns - tick) / 1'000'000'000));
    if (global.reload_wall_us != 0 && global.reload_ok == 0)
        notices.push_back(fmt::format("the last load of the configuration was refused: {}",
                                      shown(sb::text(global.reload_error))));
    std::uint64_t threads = 0;
    for (const sb::Child& child : sample.snapshot.children) {
        threads += child.row.threads;
        const auto beat = static_cast<std::int64_t>(child.numbers.heartbeat_ns);
        if (beat > 0 && now_ns - beat > kStaleNs)
            notices.push_back(
                fmt::format("child {} (pid {}) has shown no sign of life for {} s: it may hang",
                            child.row.uid, child.row.pid, (now_ns - beat) / 1'000'000'000));
    }
    if (threads > global.max_request_workers && global.max_request_workers > 0)
        notices.push_back(fmt::format(
            "{} threads stand for MaxRequestWorkers {} while children are being replaced", threads,
            global.max_request_workers));
    return notices;
}

v1::Latency latency_of(const std::array<std::uint64_t, sb::kHistogramBuckets>& buckets) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : buckets)
        total += count;
    v1::Latency out;
    out.set_count(total);
    if (total == 0) return out;
    const auto percentile = [&](double share) {
        const double wanted = share * static_cast<double>(total);
        double below = 0;
        for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
            const auto here = static_cast<double>(buckets[bucket]);
            if (here > 0 && below + here >= wanted) {
                const auto floor = static_cast<double>(sb::latency_floor_us(bucket));
                const auto next = static_cast<double>(sb::latency_floor_us(bucket + 1));
                return floor + (next - floor) * (wanted - below) / here;
            }
            below += here;
        }
        return static_cast<double>(sb::latency_floor_us(buckets.size()));
    };
    out.set_p50_us(percentile(0.50));
    out.set_p95_us(percentile(0.95));
    out.set_p99_us(percentile(0.99));
    return out;
}

v1::Child child_of(const sb::Child& child, const Sample& sample) {
    const sb::ChildRow& row = child.row;
    const sb::ChildNumbers& numbers = child.numbers;
    v1::Child out;
    api::set_child(out, child);
    set_time(out.mutable_start_time(), row.start_wall_us);
    out.mutable_connection_states()->set_limit(row.connection_rows);
    if (const auto rate = sample.rates.children.find(row.uid); rate != sample.rates.children.end())
        out.set_requests_per_second(rate->second);
    out.set_cpu_permille(row.cpu_permille);
    out.set_heartbeat_age_ms(narrow(age_ms(sample.mono, numbers.heartbeat_ns)));
    if (row.ready_wall_us != 0) set_time(out.mutable_ready_time(), row.ready_wall_us);
    if (row.drain_deadline_wall_us != 0)
        set_time(out.mutable_drain_deadline(), row.drain_deadline_wall_us);
    out.set_retire_reason(std::string(to_text(row.reason)));
    out.set_bytes_in(numbers.bytes_in);
    out.set_bytes_out(numbers.bytes_out);
    out.set_open_fds(row.open_fds);
    out.set_shed_keep_alive(numbers.shed_keep_alive);
    out.set_shed_head(numbers.shed_head);
    out.set_queue_timeouts(numbers.queue_timeouts);
    out.set_refused_on_keep_alive(numbers.refused_on_keep_alive);
    out.set_deadline_wakeups(numbers.deadline_wakeups);
    out.set_accept_errors(numbers.accept_errors);
    return out;
}

v1::Worker worker_of(const sb::Child& child,
                     std::uint32_t thread,
                     const sb::WorkerRow& row,
                     const Sample& sample) {
    v1::Worker out;
    out.set_thread(thread);
    out.set_state(std::string(1, sb::letter(row.state)));
    out.set_tid(row.tid);
    out.set_state_age_ms(age_ms(sample.mono, row.since_ns));
    out.set_requests(row.requests);
    if (row.connection == 0) return out;
    out.set_connection(
        fmt::format("{}.{}.{}", sample.snapshot.global.epoch, child.row.uid, row.connection));
    out.set_peer(shown(sb::text(row.peer)));
    const std::string method = shown(sb::text(row.method));
    const std::string target = shown(sb::text(row.target));
    out.set_request(method.empty() ? target : method + " " + target);
    out.set_vhost(shown(sb::text(row.vhost)));
    return out;
}

v1::Connection connection_of(const ConnectionFacts& facts) {
    const sb::ConnectionRow& row = facts.row;
    v1::Connection out;
    out.set_id(facts.id());
    out.set_child_uid(facts.child_uid);
    out.set_pid(facts.pid);
    if (row.thread >= 0) out.set_thread(static_cast<std::uint32_t>(row.thread));
    out.set_state(std::string(state_word(row.state)));
    out.set_state_age_ms(static_cast<std::uint64_t>(facts.state_age_ms()));
    out.set_age_ms(static_cast<std::uint64_t>(facts.age_ms()));
    out.set_peer(facts.peer());
    out.set_local(facts.local());
    out.set_vhost(facts.vhost());
    out.set_method(facts.method());
    out.set_target(facts.target());
    out.set_status(row.status);
    out.set_requests(row.requests);
    out.set_bytes_in(row.bytes_in);
    out.set_bytes_out(row.bytes_out);
    out.set_tls(row.tls != 0);
    out.set_script_pid(row.script_pid);
    out.set_script_age_ms(static_cast<std::uint64_t>(facts.script_age_ms()));
    return out;
}

v1::Event event_of(const sb::EventRow& row) {
    static constexpr std::array<std::string_view, 4> kSeverities = {"info", "notice", "warn",
                                                                    "error"};
    v1::Event out;
    out.set_number(row.number);
    set_time(out.mutable_time(), row.wall_us);
    out.set_severity(std::string(sb::word_of(kSeverities, row.severity)));
    out.set_kind(shown(sb::text(row.kind)));
    out.set_text(shown(sb::text(row.text)));
    out.set_child_uid(row.child_uid);
    return out;
}

v1::Decision decision_of(const sb::DecisionRow& row) {
    v1::Decision out;
    out.set_number(row.number);
    set_time(out.mutable_time(), row.wall_us);
    set_time(out.mutable_last_time(), row.last_wall_us);
    out.set_ticks(row.ticks);
    out.set_idle(row.idle);
    out.set_present(row.present);
    out.set_active(row.active);
    out.set_total(row.total);
    out.set_free_slots(row.free_slots);
    out.set_rate(row.rate);
    out.set_hold(row.hold);
    out.set_branch(shown(sb::text(row.branch)));
    out.set_cause(shown(sb::text(row.cause)));
    out.set_text(shown(sb::text(row.text)));
    out.set_spawned(row.spawned);
    out.set_retired_uid(row.retired_uid);
    out.set_recalled(row.recalled);
    return out;
}

bool ended(const sb::OperationHead& head) {
    return head.state >= sb::OperationState::Succeeded;
}

v1::Operation operation_of(const sb::OperationHead& head,
                           std::span<const sb::OperationStep> steps,
                           const std::string& author,
                           const Sample* sample) {
    v1::Operation out;
    out.set_name(operation_name(head.number));
    out.set_kind(std::string(kind_word(head.kind)));
    out.set_state(v1::OperationState_IsValid(static_cast<int>(head.state))
                      ? static_cast<v1::OperationState>(head.state)
                      : v1::OPERATION_STATE_UNSPECIFIED);
    out.set_done(head.done);
    out.set_total(head.total);
    const std::uint32_t draining = still_draining(head, sample);
    out.set_draining(draining);
    out.set_progress(progress_of(head, draining));
    set_time(out.mutable_create_time(), head.create_wall_us);
    if (head.end_wall_us != 0) set_time(out.mutable_end_time(), head.end_wall_us);
    out.set_author(author);
    out.set_reason(shown(sb::text(head.reason)));
    out.set_result(shown(sb::text(head.result)));
    out.set_update(head.update);
    out.set_revision(head.revision);
    out.set_generation(head.generation);
    for (const sb::OperationStep& step : steps)
        set_step(out.add_steps(), step, sample);
    return out;
}

std::string operation_name(std::uint64_t number) {
    return fmt::format("op-{}", number);
}

std::optional<std::uint64_t> operation_number(std::string_view name) {
    if (!name.starts_with("op-")) return std::nullopt;
    const auto number = text::parse_uint(name.substr(3));
    return number && *number > 0 ? number : std::nullopt;
}

std::string_view kind_word(sb::OperationKind kind) {
    static constexpr std::array<std::string_view, 6> kWords = {
        "", "restart", "graceful", "hard_restart", "change", "reload"};
    return sb::word_of(kWords, kind);
}

std::string_view operation_state_word(sb::OperationState state) {
    static constexpr std::array<std::string_view, 6> kWords = {"",          "pending", "running",
                                                               "succeeded", "failed",  "cancelled"};
    return sb::word_of(kWords, state);
}

std::string_view step_word(std::uint8_t state) {
    static constexpr std::array<std::string_view, 6> kWords = {"waiting",  "starting", "ready",
                                                               "draining", "done",     "failed"};
    return sb::word_of(kWords, state);
}

v1::Crash crash_of(const sb::CrashRow& row) {
    const sb::CrashNote& note = row.note;
    v1::Crash out;
    out.set_number(row.number);
    set_time(out.mutable_time(), row.wall_us);
    out.set_child_uid(row.child_uid);
    out.set_slot(row.slot);
    out.set_pid(row.pid);
    out.set_generation(row.generation);
    const char* name = ::sigabbrev_np(static_cast<int>(row.signal));
    out.set_signal(name == nullptr ? fmt::format("{}", row.signal) : name);
    if (note.thread == sb::kListenerThread)
        out.set_thread("listener");
    else
        out.set_thread(note.thread < 0 ? "main" : fmt::format("worker {}", note.thread));
    out.set_tid(note.tid);
    if (note.address != 0) out.set_address(fmt::format("{:#x}", note.address));
    if (const auto target = sb::text(note.target); !target.empty())
        out.set_request(shown(sb::text(note.method)) + " " + shown(target));
    out.set_core_dumped(row.core != 0);
    const std::size_t frames = std::min<std::size_t>(note.frames, sb::kCrashFrames);
    for (std::size_t i = 0; i < frames; ++i) {
        const auto place = sb::text(row.places.at(i));
        out.add_stack(place.empty() ? fmt::format("{:#x}", note.stack.at(i)) : shown(place));
    }
    return out;
}

}  // namespace mpmd::control

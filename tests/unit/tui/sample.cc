#include "tests/unit/tui/sample.h"

#include <algorithm>

#include <fmt/format.h>

#include "tui/model/update.h"

namespace mpmd::tui::sample {

namespace {

constexpr std::int64_t kNow = 1'772'632'951;  // 2026-03-04 14:02:31 UTC

std::string letters(int child, int threads) {
    constexpr std::string_view kPattern = "WW_RWWWL_WWKWCW_WWWWRWW_W_";
    std::string out;
    for (int i = 0; i < threads; ++i)
        out += kPattern[static_cast<std::size_t>(i * 7 + child * 5) % kPattern.size()];
    return out;
}

void add_workers(v1::Child& child) {
    for (std::size_t i = 0; i < child.board().size(); ++i) {
        v1::Worker& worker = *child.add_workers();
        const auto thread = static_cast<std::uint32_t>(i);
        worker.set_thread(thread);
        worker.set_state(std::string(1, child.board()[i]));
        worker.set_tid(child.pid() + 1 + thread);
        worker.set_state_age_ms(thread * 730U);
        worker.set_requests(1000U + thread);
        if (child.board()[i] != 'W') continue;
        worker.set_connection(fmt::format("1.{}.{}", child.uid(), thread));
        worker.set_peer(fmt::format("198.51.100.{}:{}", thread, 51'000 + thread));
        worker.set_request("GET /export/big.csv");
        worker.set_vhost("files.example");
    }
}

void fill_child(v1::Child& child, int index, const Shape& shape, int tick) {
    const auto n = static_cast<std::uint32_t>(index);
    const bool drains = index == 6;
    child.set_uid(41 + n);
    child.set_slot(n);
    child.set_pid(20411 + 13 * n);
    child.set_generation(drains ? 6 : 7);
    child.set_revision(41);
    child.set_state(drains ? "draining" : "running");
    if (drains) child.set_retire_reason("reload");
    child.set_threads(static_cast<std::uint32_t>(shape.threads));
    child.set_board(drains ? std::string(static_cast<std::size_t>(shape.threads), 'G')
                           : letters(index, shape.threads));
    const auto idle = std::count(child.board().begin(), child.board().end(), '_');
    child.set_idle(static_cast<std::uint32_t>(idle));
    child.set_busy(static_cast<std::uint32_t>(shape.threads - static_cast<int>(idle)));
    child.set_connections(drains ? 17 : 300 + n * 11);
    child.mutable_connection_states()->set_keep_alive(drains ? 0 : 270 + n * 9);
    child.mutable_connection_states()->set_writing(n);
    child.mutable_connection_states()->set_reading(3 + n % 3);
    child.mutable_connection_states()->set_closing(n % 2);
    child.set_listener_busy_permille(drains ? 4 : 310 + n * 51);
    child.set_rss_bytes((79ULL + n * 3) << 20U);
    child.set_cpu_permille(290 + (n * 37) % 90);
    child.set_requests_per_second(drains ? 4 : 430.4 + n * 10);
    child.set_requests_on_listener(970'000);
    child.set_requests_on_workers(30'000);
    child.set_bytes_in(1'200'000ULL * (n + 1));
    child.set_bytes_out(88'000'000ULL * (n + 1));
    child.mutable_start_time()->set_seconds(kNow - 15'120 - index * 600 - (drains ? 20'000 : 0));
    child.set_heartbeat_age_ms(100);
    child.set_accepting(!drains);
    (void)tick;
}

void fill_server(v1::Server& server, const Shape& shape, int tick) {
    server.set_name("web1");
    server.set_instance_id("a");
    server.set_version("1.0.0");
    server.set_mpm("event");
    server.set_pid(812);
    server.set_state(v1::SERVER_STATE_RUNNING);
    server.set_generation(7);
    server.set_revision(41);
    server.set_epoch(1);
    server.set_uptime_seconds(1'051'860U + static_cast<std::uint32_t>(tick));
    const auto threads = static_cast<std::uint32_t>(shape.children * shape.threads);
    server.mutable_workers()->set_busy(threads * 3 / 4);
    server.mutable_workers()->set_idle(threads - threads * 3 / 4);
    server.mutable_workers()->set_limit(400);
    v1::Connections& states = *server.mutable_connections();
    states.set_total(2914);
    states.set_keep_alive(2501);
    states.set_reading(288);
    states.set_running(50);
    states.set_writing(63);
    states.set_closing(12);
    states.set_limit(9600);
    server.mutable_children()->set_total(static_cast<std::uint32_t>(shape.children));
    server.mutable_children()->set_active(static_cast<std::uint32_t>(shape.children - 1));
    server.mutable_children()->set_draining(1);
    server.mutable_children()->set_limit(16);
    v1::Requests& requests = *server.mutable_requests();
    requests.set_total(98'000'000U + static_cast<std::uint64_t>(tick) * 3812U);
    requests.set_on_listener(95'060'000);
    requests.set_on_workers(2'940'000);
    requests.set_per_second(3812.4 + 200 * (tick % 7));
    requests.set_per_second_10s(3790);
    requests.set_per_second_60s(3655);
    requests.set_bytes_out_per_second(212.4e6);
    requests.set_status_5xx(12'000U + static_cast<std::uint64_t>(tick) * 2U);
    requests.set_queued(2);
    requests.set_shed_keep_alive(31);
    server.mutable_latency()->set_p50_us(3100);
    server.mutable_latency()->set_p95_us(41'000);
    server.mutable_latency()->set_p99_us(118'000);
    v1::Limits& limits = *server.mutable_limits();
    limits.set_server_limit(64);
    limits.set_threads_per_child(25);
    limits.set_max_request_workers(400);
    limits.set_min_spare_threads(50);
    limits.set_max_spare_threads(150);
    limits.set_async_request_worker_factor(2);
    server.set_shortage("none");
    server.mutable_you()->set_role(v1::ROLE_OPERATOR);
}

void add_events(v1::ScoreboardFrame& out) {
    const char* const kTexts[] = {"op-191 restart succeeded: 16/16 replaced",
                                  "MinSpareThreads 40 -> 50 (rev 41)",
                                  "MaxRequestWorkers 400 reached", "child 49 started, pid 20515"};
    const char* const kSeverities[] = {"info", "notice", "warn", "info"};
    for (int i = 0; i < 4; ++i) {
        v1::Event& event = *out.add_events();
        event.set_number(static_cast<std::uint64_t>(i) + 1);
        event.mutable_time()->set_seconds(kNow - 4000 + i * 1200);
        event.set_severity(kSeverities[i]);
        event.set_text(kTexts[i]);
    }
}

v1::Directive directive(const char* name,
                        const char* value,
                        const char* range,
                        bool immediate = true) {
    v1::Directive out;
    out.set_name(name);
    out.set_value(value);
    out.set_file_value(value);
    out.set_range(range);
    out.set_source("file");
    out.set_overridable(true);
    out.set_supported(true);
    out.set_apply_class(immediate ? v1::APPLY_CLASS_IMMEDIATE : v1::APPLY_CLASS_ROLLING);
    return out;
}

}  // namespace

v1::Connection connection(int number, int tick) {
    constexpr const char* kStates[] = {"running", "keep_alive", "writing", "reading", "closing"};
    v1::Connection row;
    const auto n = static_cast<std::uint32_t>(number);
    row.set_id(fmt::format("1.{}.{}", 41 + number % 9, number));
    row.set_child_uid(41 + n % 9);
    row.set_pid(20411 + 13 * (n % 9));
    if (number % 5 == 0) row.set_thread(n % 25);
    row.set_state(kStates[number % 5]);
    row.set_state_age_ms(400U * n + static_cast<std::uint32_t>(tick) * 1000U);
    row.set_age_ms(1700U * n + static_cast<std::uint32_t>(tick) * 1000U);
    row.set_peer(number % 4 == 3
                     ? fmt::format("[2001:db8::{:x}]:{}", n, 44'000 + number % 1000)
                     : fmt::format("198.51.100.{}:{}", number % 250, 51'000 + number % 1000));
    row.set_local("192.0.2.1:80");
    row.set_vhost(number % 2 == 0 ? "files.example" : "api.example");
    row.set_method("GET");
    row.set_target(fmt::format("/export/{}.csv", number));
    row.set_status(number % 5 == 0 ? 0 : 200);
    row.set_requests(n % 17);
    row.set_bytes_in(600U * n);
    row.set_bytes_out(1'048'576ULL * n);
    return row;
}

FramePtr frame(const WatchSpec& spec, const Shape& shape, int tick) {
    auto out = std::make_shared<v1::ScoreboardFrame>();
    out->set_epoch(1);
    out->set_number(static_cast<std::uint64_t>(tick) + 1);
    out->set_kind(v1::FRAME_KIND_KEY);
    out->mutable_sample_time()->set_seconds(kNow + tick);
    fill_server(*out->mutable_server(), shape, tick);
    for (int i = 0; i < shape.children; ++i) {
        fill_child(*out->add_children(), i, shape, tick);
        if (spec.level == v1::FRAME_LEVEL_ROWS) add_workers(*out->mutable_children(i));
    }
    add_events(*out);
    if (spec.level != v1::FRAME_LEVEL_ROWS) return out;
    out->set_connections_matched(static_cast<std::uint32_t>(shape.connections));
    const auto first = static_cast<int>(spec.offset);
    const int last = std::min(shape.connections, first + static_cast<int>(spec.limit));
    for (int i = first; i < last; ++i)
        *out->add_connections() = connection(i, tick);
    return out;
}

v1::ListDirectivesResponse directives() {
    v1::ListDirectivesResponse out;
    *out.add_directives() = directive("KeepAliveTimeout", "5s", "0s..300s");
    *out.add_directives() = directive("MaxSpareThreads", "150", "75..1600");
    *out.add_directives() = directive("MinSpareThreads", "50", "1..1600");
    *out.add_directives() = directive("ThreadsPerChild", "25", "1..64", false);
    *out.add_directives() = directive("MaxRequestWorkers", "400", "25..1600");
    *out.add_directives() = directive("ServerLimit", "64", "16..64");
    out.mutable_directives(3)->set_source("default");
    out.set_revision(41);
    out.set_etag("rev-41");
    return out;
}

Failure failure(const std::string& message) {
    Failure out;
    out.message = message;
    return out;
}

MonoTime at(int tick) {
    return MonoTime(Seconds(1000 + tick));
}

Model blank(int width, int height) {
    Model model;
    model.width = width;
    model.height = height;
    (void)update(model, Tick{}, at(0));
    return model;
}

void feed(Model& model, const Shape& shape, int tick) {
    for (int i = 0; i < 3; ++i) {  // a frame may change what is wanted
        const WatchSpec asked = model.asked;
        (void)update(model, FrameArrived{frame(asked, shape, tick), asked}, at(tick));
        if (model.asked == asked) break;
    }
}

Model live(int width, int height, const Shape& shape) {
    Model model = blank(width, height);
    feed(model, shape);
    return model;
}

Reaction press(Model& model, std::u32string_view keys, const Shape& shape) {
    Reaction reaction;
    for (const Key key : keys) {
        reaction = update(model, KeyPressed{key}, model.now);
        const bool asks =
            std::any_of(reaction.intents.begin(), reaction.intents.end(),
                        [](const Intent& intent) { return std::holds_alternative<Watch>(intent); });
        if (asks) feed(model, shape, static_cast<int>((model.now - at(0)) / Seconds(1)));
    }
    return reaction;
}

}  // namespace mpmd::tui::sample

#include "daemon/control/frame.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/control/convert.h"

namespace mpmd::control {
namespace {

constexpr std::uint32_t kRows = 100;
constexpr std::uint32_t kMostRows = 5000;
constexpr std::size_t kEventsShown = 20;
constexpr std::size_t kMostWorkers = 8192;  // in one frame: a message stays well below 4 MiB

std::size_t threads_of(const Sample& sample) {
    std::size_t threads = 0;
    for (const scoreboard::Child& child : sample.snapshot.children)
        threads += child.letters.size();
    return threads;
}

}  // namespace

Outcome<FrameRequest> FrameRequest::read(v1::FrameLevel level, const v1::ConnectionQuery& query) {
    FrameRequest request;
    if (!v1::FrameLevel_IsValid(level))
        return refuse({Code::InvalidArgument,
                       "BAD_LEVEL",
                       fmt::format("there is no frame level {}", static_cast<int>(level)),
                       {},
                       {{"level", "unknown"}}});
    request.level = level == v1::FRAME_LEVEL_UNSPECIFIED ? v1::FRAME_LEVEL_CHILDREN : level;
    auto parsed = ConnectionQuery::parse(query.filter(), query.order_by());
    if (!parsed) return refuse(std::move(parsed).error());
    request.query = std::move(*parsed);
    request.offset = query.offset();
    request.limit = query.limit() == 0 ? kRows : std::min(query.limit(), kMostRows);
    request.key = fmt::format("{}", static_cast<int>(request.level));
    if (request.rows())
        request.key += fmt::format(" {} {} {}\n{}", request.offset, request.limit, query.order_by(),
                                   query.filter());
    return request;
}

void add_workers(v1::Child& out,
                 const scoreboard::View& view,
                 const scoreboard::Child& child,
                 const Sample& sample) {
    scoreboard::each_worker(view, child.row,
                            [&](std::uint32_t thread, const scoreboard::WorkerRow& row) {
                                *out.add_workers() = worker_of(child, thread, row, sample);
                            });
}

void add_holder(v1::Child& out,
                const scoreboard::View& view,
                const scoreboard::Child& child,
                const Sample& sample) {
    if (!child.leaving()) return;
    const auto found = scoreboard::oldest_connection(view, child.row);
    if (!found) return;
    ConnectionFacts oldest;
    oldest.row = *found;
    oldest.now_ns = to_ns(sample.mono);
    const std::int64_t seconds = std::max<std::int64_t>(oldest.age_ms(), 0) / 1000;
    out.set_held_by(fmt::format("{}m{:02}s {} {}{}{}", seconds / 60, seconds % 60, oldest.peer(),
                                oldest.method(), oldest.method().empty() ? "" : " ",
                                oldest.target()));
}

v1::ScoreboardFrame frame_of(const scoreboard::View& view,
                             const Sample& sample,
                             const FrameRequest& request,
                             const std::vector<ConnectionFacts>& connections,
                             Names& names) {
    v1::ScoreboardFrame frame;
    frame.set_epoch(sample.snapshot.global.epoch);
    frame.set_number(sample.number);
    frame.set_kind(v1::FRAME_KIND_KEY);
    set_time(frame.mutable_sample_time(), static_cast<std::uint64_t>(to_us(sample.wall)));
    *frame.mutable_server() = server_of(sample);
    const std::size_t events = std::min(sample.events.size(), kEventsShown);
    for (std::size_t i = sample.events.size() - events; i < sample.events.size(); ++i)
        *frame.add_events() = event_of(sample.events[i]);
    for (const scoreboard::OperationRecord& record : sample.operations)
        *frame.add_operations() =
            operation_of(record.head, record.steps, names.user(record.head.uid), &sample);
    if (request.level == v1::FRAME_LEVEL_TOTALS) return frame;
    const bool workers = request.rows() && threads_of(sample) <= kMostWorkers;
    for (const scoreboard::Child& child : sample.snapshot.children) {
        v1::Child& out = *frame.add_children();
        out = child_of(child, sample);
        add_holder(out, view, child, sample);
        if (workers) add_workers(out, view, child, sample);
    }
    if (!request.rows()) return frame;
    const Selection selection =
        select_window(connections, request.query, request.offset, request.limit);
    frame.set_connections_matched(static_cast<std::uint32_t>(selection.matched));
    for (const ConnectionFacts* connection : selection.rows)
        *frame.add_connections() = connection_of(*connection);
    return frame;
}

}  // namespace mpmd::control

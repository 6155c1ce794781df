// decisions, and what status says of limits.

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "ctl/output/show.h"
#include "ctl/output/table.h"

namespace mpmd::ctl {

namespace v1 = api::v1;

namespace {

std::string seconds_text(std::uint32_t seconds) {
    return scaled_age(std::uint64_t{seconds} * 1000);
}

// "14:02:31" of a row that stands for one tick, "14:02:31 +9s" of one that stands for more.
std::string when_text(const v1::Decision& decision) {
    const std::string whole = timestamp_text(decision.time());
    const std::size_t day = whole.find('T');
    std::string text = day == std::string::npos ? whole : whole.substr(day + 1, 8);
    const std::int64_t lasted = decision.last_time().seconds() - decision.time().seconds();
    if (decision.ticks() > 1 && lasted > 0)
        text += " +" + seconds_text(static_cast<std::uint32_t>(lasted));
    return text;
}

// "+2", "-1", "" for nothing.
std::string children_text(const v1::Decision& decision) {
    const std::uint32_t more = decision.spawned() + decision.recalled();
    if (more > 0) return fmt::format("+{}", more);
    return decision.retired_uid() != 0 ? "-1" : "";
}

}  // namespace

std::string show_decisions(const v1::ListDecisionsResponse& list, std::size_t width) {
    Table table({{"NUMBER", Align::Right},
                 {"TIME"},
                 {"RULE"},
                 {"IDLE", Align::Right},
                 {"THREADS", Align::Right},
                 {"ACTIVE", Align::Right},
                 {"ALL", Align::Right},
                 {"DID", Align::Right},
                 {"WHY"}});
    for (const v1::Decision& d : list.decisions())
        table.add({fmt::format("{}", d.number()), when_text(d), d.branch(),
                   fmt::format("{}", d.idle()), fmt::format("{}", d.present()),
                   fmt::format("{}", d.active()), fmt::format("{}", d.total()), children_text(d),
                   d.text()});
    return table.text(width);
}

std::string show_limit_episodes(const v1::Server& server) {
    std::string out;
    for (const v1::LimitEpisode& e : server.limit_episodes()) {
        const std::string when = e.running()
                                     ? fmt::format("for {} now", seconds_text(e.duration_seconds()))
                                     : fmt::format("last {} for {}", timestamp_text(e.start_time()),
                                                   seconds_text(e.duration_seconds()));
        out += fmt::format(
            "limit        {}: {}, peak {} busy, {} queued, {} not accepted yet; {} since start, "
            "{}\n",
            e.cause(), when, e.peak_busy(), e.peak_queued(), e.peak_backlog(),
            e.count() == 1 ? "once" : fmt::format("{} times", e.count()),
            seconds_text(e.total_seconds()));
    }
    return out;
}

}  // namespace mpmd::ctl

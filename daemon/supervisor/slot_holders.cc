#include "daemon/supervisor/slot_holders.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/net/address.h"
#include "daemon/os/clock.h"

namespace mpmd::supervisor {

namespace {

std::string age_text(std::int64_t seconds) {
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 7200) return fmt::format("{} min", seconds / 60);
    return fmt::format("{} h", seconds / 3600);
}

std::string connection_text(const scoreboard::ConnectionRow& row, MonoTime now) {
    const auto age =
        std::max<std::int64_t>(to_ns(now) - static_cast<std::int64_t>(row.accepted_ns), 0);
    const std::string request = text::escape(scoreboard::text(row.method)) + " " +
                                text::escape(scoreboard::text(row.target));
    return fmt::format("oldest connection {} from {}{}", age_text(age / 1'000'000'000),
                       net::Address::of(row.peer_address, row.peer_port, row.family == 6).text(),
                       row.method[0] == '\0' ? "" : ": " + request);
}

struct Leaving {
    std::uint32_t children = 0;
    std::map<std::uint32_t, std::uint32_t> by_generation;
    std::optional<scoreboard::ConnectionRow> oldest;
    std::optional<WallTime> first_deadline;
};

std::optional<scoreboard::ConnectionRow> oldest_of(const Child& child,
                                                   const scoreboard::View& view) {
    scoreboard::ChildRow row{};
    if (!view.child(child.slot.value()).read(row) || row.uid != child.uid.value())
        return std::nullopt;
    return scoreboard::oldest_connection(view, row);
}

void look_at(Leaving& leaving, const Child& child, const scoreboard::View& view) {
    ++leaving.children;
    ++leaving.by_generation[child.generation.value()];
    if (child.drain_deadline_wall &&
        (!leaving.first_deadline || *child.drain_deadline_wall < *leaving.first_deadline))
        leaving.first_deadline = child.drain_deadline_wall;
    const auto oldest = oldest_of(child, view);
    if (oldest && (!leaving.oldest || oldest->accepted_ns < leaving.oldest->accepted_ns))
        leaving.oldest = oldest;
}

}  // namespace

std::string held_by(const Child& child, const scoreboard::View& view, MonoTime now) {
    const auto oldest = oldest_of(child, view);
    return oldest ? ", " + connection_text(*oldest, now) : "";
}

std::string slot_holders(const ChildTable& children,
                         const scoreboard::View& view,
                         std::uint32_t slots,
                         MonoTime now) {
    Leaving leaving;
    for (const auto& [uid, child] : children.all())
        if (child.leaving()) look_at(leaving, child, view);
    if (leaving.children == 0)
        return fmt::format("all {} are held by children that serve; raise ServerLimit", slots);
    const auto most =
        std::max_element(leaving.by_generation.begin(), leaving.by_generation.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string out =
        fmt::format("{} of {} slots held by generation {}", most->second, slots, most->first);
    if (leaving.children > most->second)
        out += fmt::format(" and {} by others that leave", leaving.children - most->second);
    if (leaving.oldest) out += ", " + connection_text(*leaving.oldest, now);
    if (leaving.first_deadline) {
        const auto left =
            std::chrono::duration_cast<Seconds>(*leaving.first_deadline - os::wall_now()).count();
        out += fmt::format("; the first is free in {} at the latest",
                           age_text(std::max<std::int64_t>(left, 0)));
    }
    return out + "; raise RetiringLimit or lower ChildDrainTimeout";
}

}  // namespace mpmd::supervisor

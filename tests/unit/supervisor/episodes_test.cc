#include "daemon/supervisor/episodes.h"

#include <boost/test/unit_test.hpp>

namespace mpmd::supervisor {
namespace {

using scoreboard::EpisodeCause;

WallTime at(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}

mpm::Decision decision(mpm::Branch branch, mpm::Cause shortage) {
    mpm::Decision out;
    out.branch = branch;
    out.shortage = shortage;
    return out;
}

const scoreboard::Episode& row(const LimitEpisodes& episodes, EpisodeCause cause) {
    return episodes.rows().at(static_cast<std::size_t>(cause));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limit_episodes)  // U-4, A-37

BOOST_AUTO_TEST_CASE(a_limit_is_met_only_when_there_is_no_way_to_get_more) {
    using mpm::Branch;
    using mpm::Cause;
    BOOST_TEST(!limit_met(decision(Branch::Enough, Cause::None)));
    BOOST_TEST(!limit_met(decision(Branch::Spawn, Cause::Workers)));  // more is on its way
    BOOST_TEST(!limit_met(decision(Branch::Recalled, Cause::Workers)));
    BOOST_TEST((limit_met(decision(Branch::AtCapacity, Cause::Workers)) == EpisodeCause::Workers));
    BOOST_TEST(
        (limit_met(decision(Branch::Cancelled, Cause::Connections)) == EpisodeCause::Connections));
    BOOST_TEST(
        (limit_met(decision(Branch::AtCapacity, Cause::Listener)) == EpisodeCause::Listener));
    BOOST_TEST((limit_met(decision(Branch::NoFreeSlot, Cause::Workers)) == EpisodeCause::Slots));
    BOOST_TEST((limit_met(decision(Branch::Enough, Cause::Cpu)) == EpisodeCause::Cpu));  // M-23 c
}

BOOST_AUTO_TEST_CASE(an_hour_at_a_limit_is_two_changes_and_keeps_its_peak) {
    LimitEpisodes episodes;
    auto first = episodes.tick(EpisodeCause::Workers, {150, 3, 0}, at(0));
    BOOST_REQUIRE(first.size() == 1U);
    BOOST_TEST((first[0].cause == EpisodeCause::Workers));
    BOOST_TEST(first[0].begins);
    for (int second = 1; second < 3600; ++second)
        BOOST_TEST(episodes
                       .tick(EpisodeCause::Workers,
                             second == 1000 ? Load{140, 70, 511} : Load{150, 1, 2}, at(second))
                       .empty());
    const scoreboard::Episode running = row(episodes, EpisodeCause::Workers);
    BOOST_TEST(running.count == 1U);
    BOOST_TEST(running.end_wall_us == 0U);
    BOOST_TEST(running.peak_busy == 150U);
    BOOST_TEST(running.peak_queued == 70U);
    BOOST_TEST(running.peak_backlog == 511U);

    BOOST_TEST(episodes.tick({}, {10, 0, 0}, at(3600)).empty());  // one tick may be chance
    const auto last = episodes.tick({}, {10, 0, 0}, at(3601));
    BOOST_REQUIRE(last.size() == 1U);
    BOOST_TEST(!last[0].begins);
    const scoreboard::Episode over = row(episodes, EpisodeCause::Workers);
    BOOST_TEST(over.end_wall_us - over.start_wall_us == 3599'000'000U);  // to the last tick at it
    BOOST_TEST(over.ended_us == 3599'000'000U);
    BOOST_TEST(episodes.end_text(EpisodeCause::Workers) ==
               "workers: enough again after 3599.0 s; peak 150 busy, 70 queued, 511 not accepted "
               "yet; once since the start");
}

BOOST_AUTO_TEST_CASE(episodes_are_counted_and_the_next_one_has_a_peak_of_its_own) {
    LimitEpisodes episodes;
    const auto one = [&](std::int64_t start, Load load) {
        (void)episodes.tick(EpisodeCause::Connections, load, at(start));
        (void)episodes.tick(EpisodeCause::Connections, load, at(start + 1));
        (void)episodes.tick({}, {}, at(start + 2));
        (void)episodes.tick({}, {}, at(start + 3));
    };
    one(0, {9, 9, 9});
    one(100, {2, 3, 4});
    const scoreboard::Episode& seen = row(episodes, EpisodeCause::Connections);
    BOOST_TEST(seen.count == 2U);
    BOOST_TEST(seen.peak_busy == 2U);
    BOOST_TEST(seen.peak_backlog == 4U);
    BOOST_TEST(seen.ended_us == 2'000'000U);
    BOOST_TEST(seen.start_wall_us == static_cast<std::uint64_t>(to_us(at(100))));
    BOOST_TEST(row(episodes, EpisodeCause::Workers).count == 0U);
}

BOOST_AUTO_TEST_CASE(one_cause_may_give_way_to_another) {
    LimitEpisodes episodes;
    (void)episodes.tick(EpisodeCause::Slots, {}, at(0));
    const auto change = episodes.tick(EpisodeCause::Workers, {}, at(1));
    BOOST_REQUIRE(change.size() == 1U);
    BOOST_TEST((change[0].cause == EpisodeCause::Workers));
    const auto end = episodes.tick(EpisodeCause::Workers, {}, at(2));
    BOOST_REQUIRE(end.size() == 1U);
    BOOST_TEST((end[0].cause == EpisodeCause::Slots));
    BOOST_TEST(!end[0].begins);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_makes_no_negative_time) {
    LimitEpisodes episodes;
    (void)episodes.tick(EpisodeCause::Cpu, {}, at(100));
    (void)episodes.tick(EpisodeCause::Cpu, {}, at(50));
    (void)episodes.tick({}, {}, at(51));
    (void)episodes.tick({}, {}, at(52));
    const scoreboard::Episode& seen = row(episodes, EpisodeCause::Cpu);
    BOOST_TEST(seen.end_wall_us == seen.start_wall_us);
    BOOST_TEST(seen.ended_us == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor

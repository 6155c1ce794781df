#include "daemon/supervisor/child_table.h"

#include <boost/test/unit_test.hpp>

namespace mpmd::supervisor {
namespace {

Child child(std::uint64_t uid, std::uint32_t slot, pid_t pid) {
    Child out;
    out.uid = ChildUid(uid);
    out.slot = SlotIndex(slot);
    out.pid = pid;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(child_table)

BOOST_AUTO_TEST_CASE(finds_a_child_by_number_and_by_process) {
    ChildTable table;
    table.add(child(7, 0, 100));
    table.add(child(8, 1, 101));
    BOOST_REQUIRE(table.find(ChildUid(8)) != nullptr);
    BOOST_TEST(table.find(ChildUid(8))->pid == 101);
    BOOST_TEST(table.find_pid(100)->uid.value() == 7U);

    table.erase(ChildUid(7));
    BOOST_TEST((table.find(ChildUid(7)) == nullptr));
    BOOST_TEST((table.find_pid(100) == nullptr));
}

BOOST_AUTO_TEST_CASE(gives_the_lowest_free_slots) {
    ChildTable table;
    table.add(child(1, 0, 100));
    table.add(child(2, 2, 101));
    const auto free = table.free_slots(5, 2);
    BOOST_REQUIRE_EQUAL(free.size(), 2U);
    BOOST_TEST(free[0].value() == 1U);
    BOOST_TEST(free[1].value() == 3U);
    BOOST_TEST(table.high_slot() == 3U);
    BOOST_TEST(table.free_slots(1, 9).empty());
}

BOOST_AUTO_TEST_CASE(knows_free_slots_and_the_emptiest_of_several_buckets) {  // M-12: slot mod B
    ChildTable table;
    const auto add = [&table](std::uint64_t uid, std::uint32_t slot, std::uint32_t buckets) {
        Child& added = table.add(child(uid, slot, static_cast<pid_t>(100 + uid)));
        added.buckets = buckets;
        added.state = scoreboard::ChildState::Running;
        return &added;
    };
    BOOST_TEST(table.emptiest_bucket(3) == 0U);
    add(1, 0, 3);
    Child* const in_second = add(2, 1, 3);
    BOOST_TEST(table.emptiest_bucket(3) == 2U);
    add(3, 2, 2);  // born under another number of buckets: it serves none of these
    BOOST_TEST(table.emptiest_bucket(3) == 2U);
    add(4, 5, 3);
    in_second->state = scoreboard::ChildState::Draining;
    BOOST_TEST(table.emptiest_bucket(3) == 1U);
    const auto free = table.free_slots(12, 2, {1, 3});
    BOOST_REQUIRE_EQUAL(free.size(), 2U);
    BOOST_TEST(free[0].value() == 4U);
    BOOST_TEST(free[1].value() == 7U);
}

BOOST_AUTO_TEST_CASE(a_child_that_leaves_or_is_held_is_not_active) {
    ChildTable table;
    table.add(child(1, 0, 100)).state = scoreboard::ChildState::Draining;
    table.add(child(2, 1, 101)).held = true;
    table.add(child(3, 2, 102)).state = scoreboard::ChildState::Running;
    BOOST_REQUIRE_EQUAL(table.active().size(), 1U);
    BOOST_TEST(table.active()[0].value() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor

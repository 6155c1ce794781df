#include "daemon/supervisor/regulation.h"

#include <boost/test/unit_test.hpp>

#include "daemon/supervisor/command_text.h"
#include "daemon/supervisor/control_process.h"

namespace mpmd::supervisor {

BOOST_AUTO_TEST_SUITE(episode)

BOOST_AUTO_TEST_CASE(begins_once_and_ends_after_two_ticks_without) {
    using Turn = Episode::Turn;
    Episode episode;
    BOOST_TEST((episode.tick(false) == Turn::Same));
    BOOST_TEST((episode.tick(true) == Turn::Begins));
    BOOST_TEST((episode.tick(true) == Turn::Same));
    BOOST_TEST((episode.tick(false) == Turn::Same));
    BOOST_TEST((episode.tick(true) == Turn::Same));
    BOOST_TEST((episode.tick(false) == Turn::Same));
    BOOST_TEST((episode.tick(false) == Turn::Ends));
    BOOST_TEST((episode.tick(false) == Turn::Same));
    BOOST_TEST((episode.tick(true) == Turn::Begins));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shortage)

BOOST_AUTO_TEST_CASE(is_a_sentence_with_its_numbers_and_what_to_do) {
    mpm::Limits limits;
    limits.max_request_workers = 150;
    limits.threads_per_child = 25;
    mpm::Decision decision;
    BOOST_TEST(shortage_text(decision, limits, 2) == "");

    decision.shortage = mpm::Cause::Workers;
    decision.active = 6;
    decision.present = 150;
    BOOST_TEST(shortage_text(decision, limits, 2).find("MaxRequestWorkers 150") !=
               std::string::npos);
    decision.active = 3;
    BOOST_TEST(shortage_text(decision, limits, 2).find("3 of 6 children") != std::string::npos);

    decision.shortage = mpm::Cause::Connections;
    BOOST_TEST(shortage_text(decision, limits, 2).find("AsyncRequestWorkerFactor (now 2)") !=
               std::string::npos);
    decision.shortage = mpm::Cause::Cpu;
    BOOST_TEST(shortage_text(decision, limits, 2).find("cores (2)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(that_is_over_says_so_and_how_long) {
    BOOST_TEST(past_shortage_text("workers: 0 idle", Milliseconds(2100)) ==
               "workers: 0 idle (3 s ago; enough since)");
    BOOST_TEST(past_shortage_text("workers: 0 idle", Milliseconds(0)) ==
               "workers: 0 idle (1 s ago; enough since)");
    // The words fit, whatever is short.
    std::array<char, sizeof(scoreboard::Global::shortage_text)> field{};
    scoreboard::set_text(field, past_shortage_text(std::string(400, 'x'), Seconds(4)));
    BOOST_TEST(scoreboard::text(field).ends_with("x (4 s ago; enough since)"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_process)

BOOST_AUTO_TEST_CASE(is_started_again_at_once_and_then_ever_later_up_to_five_seconds) {
    const std::int64_t expected[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
    int failures = 0;
    for (const std::int64_t pause : expected)
        BOOST_TEST(control_pause(failures++).count() == pause);
    BOOST_TEST(control_pause(1000000).count() == 5000);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(command_text)

BOOST_AUTO_TEST_CASE(roles_that_do_not_fit_are_cut_at_a_line_and_that_is_said) {
    config::ControlRole alice;
    alice.role = config::Role::Admin;
    alice.name = "alice";
    config::ControlRole group;
    group.role = config::Role::Viewer;
    group.subject = config::ControlRole::Subject::Group;
    group.name = "staff";
    const RolesText all = roles_text({alice, group}, 100);
    BOOST_TEST(all.text == "admin user:alice\nviewer group:staff\n");
    BOOST_TEST(all.complete);
    const RolesText some = roles_text({alice, group}, 30);
    BOOST_TEST(some.text == "admin user:alice\n");
    BOOST_TEST(!some.complete);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor

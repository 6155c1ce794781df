// What a shortage of descriptors or memory leaves behind (E-9): the counter, the log, the reports.

#include <cerrno>
#include <string>

#include <boost/test/unit_test.hpp>

#include "daemon/child/shortage.h"

namespace mpmd::test {
namespace {

using child::Reports;

class Lines final : public log::Sink {
public:
    void append(std::string_view lines) override { text += lines; }
    std::string text;
};

MonoTime at(int ms) {
    return MonoTime(Milliseconds(ms));
}

struct Place {
    scoreboard::ChildStatus status{};
    Lines lines;
    log::Log log{lines};
    os::EventFd bell = std::move(*os::EventFd::create());
    Reports reports{bell};
    child::Shortage shortage{status, log, reports, {"mpm_event", "the door is shut"}};
};

BOOST_AUTO_TEST_SUITE(shortage_episode)

BOOST_AUTO_TEST_CASE(each_failure_is_counted_and_an_episode_is_told_once) {  // E-9
    Place place;

    place.shortage.met(EMFILE, at(1000));
    BOOST_TEST(place.reports.take() == Reports::kShortage);
    BOOST_TEST(place.reports.shortage() == EMFILE);
    place.shortage.met(ENOMEM, at(2000));

    BOOST_TEST(place.status.accept_errors.load() == 2U);
    BOOST_TEST(place.reports.take() == 0U);
    BOOST_TEST(place.lines.text.find("[mpm_event:alert]") != std::string::npos);
    BOOST_TEST(place.lines.text.find("cannot accept: Too many open files; the door is shut\n") !=
               std::string::npos);
    BOOST_TEST(place.lines.text.find("memory") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_end_of_an_episode_is_told_once_after_ten_calm_seconds) {  // E-9
    Place place;
    place.shortage.met(EMFILE, at(1000));
    static_cast<void>(place.reports.take());
    place.lines.text.clear();

    place.shortage.tend(at(10'999));
    BOOST_TEST(place.reports.take() == 0U);
    place.shortage.tend(at(11'000));
    place.shortage.tend(at(12'000));

    BOOST_TEST(place.reports.take() == Reports::kShortageOver);
    const std::size_t first = place.lines.text.find("accepting works again");
    BOOST_TEST(first != std::string::npos);
    BOOST_TEST(place.lines.text.rfind("accepting works again") == first);
}

BOOST_AUTO_TEST_CASE(a_failure_alone_is_no_pause_and_a_client_makes_the_next_one_short) {  // E-9
    Place place;
    place.shortage.met(EMFILE, at(0));
    BOOST_TEST(!place.shortage.paused_until(at(0)));

    place.shortage.pause(at(0));
    place.shortage.pause(at(100));
    BOOST_TEST((place.shortage.paused_until(at(100)) == at(300)));
    place.shortage.accepted();
    place.shortage.pause(at(300));

    BOOST_TEST((place.shortage.paused_until(at(300)) == at(400)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test

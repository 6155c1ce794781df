// What the screens look like: each picture is a file in tests/golden/screens. MPMD_GOLDEN=write
// writes them anew; look at the difference before it is committed.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/tui/sample.h"
#include "tui/model/update.h"
#include "tui/screens/draw.h"

using namespace mpmd::tui;

namespace {

void check_text(const std::string& name, const std::string& text) {
    const std::string path = std::string(MPMD_GOLDEN_DIR) + "/" + name + ".txt";
    const char* mode = std::getenv("MPMD_GOLDEN");
    if (mode != nullptr && std::string_view(mode) == "write") {
        std::ofstream(path) << text;
        return;
    }
    std::stringstream expected;
    expected << std::ifstream(path).rdbuf();
    BOOST_TEST_INFO("picture " << path << ", drawn:\n" << text);
    BOOST_TEST((expected.str() == text));
}

void check_golden(const std::string& name, const Model& model) {
    const std::string text = draw(model).text();
    check_text(name, text);
}

Model minutes_old(Model model, const sample::Shape& shape = {}) {
    for (int tick = 1; tick <= 90; ++tick)
        sample::feed(model, shape, tick);
    return model;
}

struct Size {
    int width;
    int height;
    const char* name;
};
std::ostream& operator<<(std::ostream& out, const Size& size) {
    return out << size.name;
}
const Size kSizes[] = {
    {80, 24, "80x24"}, {120, 40, "120x40"}, {60, 16, "60x16"}, {200, 50, "200x50"}};

v1::Operation running_restart() {
    v1::Operation operation;
    operation.set_name("op-193");
    operation.set_kind("restart");
    operation.set_state(v1::OPERATION_STATE_RUNNING);
    operation.set_done(3);
    operation.set_total(9);
    operation.set_draining(2);
    operation.set_progress("3/9 replaced, 2 draining");
    operation.set_update(5);
    const char* const kStates[] = {"done", "draining", "draining", "starting", "waiting"};
    for (int i = 0; i < 5; ++i) {
        v1::OperationStep& step = *operation.add_steps();
        step.set_slot(static_cast<std::uint32_t>(i));
        step.set_old_pid(20411 + 13U * static_cast<std::uint32_t>(i));
        if (i < 4) step.set_new_pid(21500U + static_cast<std::uint32_t>(i));
        if (i < 4) step.mutable_start_time()->set_seconds(1'772'632'951 - 20 + i);
        step.set_state(kStates[i]);
        step.set_connections_left(i == 1 || i == 2 ? 3 : 0);
    }
    return operation;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_screens)

BOOST_DATA_TEST_CASE(overview, boost::unit_test::data::make(kSizes), size) {
    check_golden(std::string("overview_") + size.name,
                 minutes_old(sample::live(size.width, size.height)));
}

BOOST_DATA_TEST_CASE(children, boost::unit_test::data::make(kSizes), size) {
    Model model = minutes_old(sample::live(size.width, size.height));
    sample::press(model, U"2j");
    check_golden(std::string("children_") + size.name, model);
}

BOOST_DATA_TEST_CASE(child_details, boost::unit_test::data::make(kSizes), size) {
    Model model = sample::live(size.width, size.height);
    sample::press(model, U"2jj\r");
    check_golden(std::string("child_detail_") + size.name, model);
}

BOOST_DATA_TEST_CASE(connections, boost::unit_test::data::make(kSizes), size) {
    Model model = sample::live(size.width, size.height);
    sample::press(model, U"3jjj");
    check_golden(std::string("connections_") + size.name, model);
}

BOOST_AUTO_TEST_CASE(connection_details) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3jjj\r");
    check_golden("connection_detail_80x24", model);
}

BOOST_DATA_TEST_CASE(help, boost::unit_test::data::make(kSizes), size) {
    Model model = sample::live(size.width, size.height);
    sample::press(model, U"2?");
    check_golden(std::string("help_") + size.name, model);
}

BOOST_AUTO_TEST_CASE(ascii_for_terminals_without_utf8) {
    Model model = minutes_old(sample::live(80, 24));
    model.ascii = true;
    check_golden("overview_ascii_80x24", model);
    sample::press(model, U"2r");
    check_golden("restart_child_ascii_80x24", model);
}

BOOST_AUTO_TEST_CASE(restart_dialogs) {
    Model model = sample::live(80, 24);
    sample::press(model, U"R");
    check_golden("restart_all_80x24", model);
    sample::press(model, U"\t\r");
    (void)update(model, RestartStarted{running_restart()}, model.now);
    check_golden("restart_progress_80x24", model);
}

BOOST_AUTO_TEST_CASE(restart_of_tagged_children) {
    Model model = sample::live(80, 24);
    sample::press(model, U"2  r");
    check_golden("restart_child_80x24", model);
}

BOOST_DATA_TEST_CASE(tune_dialog,
                     boost::unit_test::data::make({kSizes[0], kSizes[1], kSizes[2]}),
                     size) {
    Model model = sample::live(size.width, size.height);
    sample::press(model, U"t");
    (void)update(model, DirectivesListed{sample::directives()}, model.now);
    sample::press(model, U"80\r");
    v1::UpdateDirectivesResponse good;
    good.set_prediction("would start up to 2 children now; no restart, no connection is closed");
    good.add_warnings("MaxSpareThreads 150 leaves little room above MinSpareThreads 80");
    (void)update(model, ChangeChecked{std::get<TuneDialog>(model.dialog).ticket, good}, model.now);
    sample::press(model, U"a");
    check_golden(std::string("tune_") + size.name, model);
}

BOOST_AUTO_TEST_CASE(tune_dialog_with_a_value_that_is_refused) {
    Model model = sample::live(80, 24);
    sample::press(model, U"t");
    (void)update(model, DirectivesListed{sample::directives()}, model.now);
    sample::press(model, U"jj610");
    Failure failure;
    failure.message = "610 is not a multiple of ThreadsPerChild (25); nearest: 600 or 625";
    (void)update(
        model,
        ChangeChecked{std::get<TuneDialog>(model.dialog).ticket, tl::unexpected<Failure>(failure)},
        model.now);
    check_golden("tune_refused_80x24", model);
}

BOOST_AUTO_TEST_CASE(filter_dialog_with_the_position_of_an_error) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3/state = runing age");
    (void)update(model, KeyPressed{key::kEnter}, model.now);
    Failure failure;
    failure.reason = "BAD_FILTER";
    failure.message = "filter: column 16: expected and, or, or the end";
    failure.metadata["column"] = "16";
    WatchSpec spec = model.asked;
    spec.filter = "state = runing age";
    (void)update(model, WatchRefused{spec, failure}, model.now);
    check_golden("filter_refused_80x24", model);
}

BOOST_AUTO_TEST_CASE(sort_menu) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3sjj");
    check_golden("sort_80x24", model);
}

BOOST_AUTO_TEST_CASE(loss_of_the_daemon) {
    Model model = sample::live(80, 24);
    (void)update(
        model,
        LinkChanged{Link::Lost, sample::failure("Connection refused"), std::chrono::seconds(2)},
        sample::at(3));
    (void)update(model, Tick{}, sample::at(4));
    check_golden("stale_80x24", model);
}

BOOST_AUTO_TEST_CASE(a_window_that_is_too_small) {
    check_golden("small_40x10", sample::live(40, 10));
}

BOOST_AUTO_TEST_CASE(text_for_pipes) {
    check_text("batch", draw_batch(minutes_old(sample::live(80, 24))));
}

BOOST_AUTO_TEST_SUITE_END()

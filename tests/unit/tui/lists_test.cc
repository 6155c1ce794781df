// Lists under live data: the selection stays on its row, filters narrow, windows of large results
// follow the cursor, pauses hold, losses show.

#include "tui/model/lists.h"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/unit/tui/sample.h"
#include "tui/model/layout.h"
#include "tui/model/update.h"
#include "tui/screens/draw.h"

using namespace mpmd::tui;

namespace {

std::shared_ptr<v1::ScoreboardFrame> changeable(const Model& model,
                                                const sample::Shape& shape = {}) {
    return std::make_shared<v1::ScoreboardFrame>(*sample::frame(model.asked, shape));
}

Reaction deliver(Model& model, const FramePtr& frame) {
    return update(model, FrameArrived{frame, model.asked}, model.now);
}

const Watch* watch_of(const Reaction& reaction) {
    for (const Intent& intent : reaction.intents) {
        if (const auto* watch = std::get_if<Watch>(&intent)) return watch;
    }
    return nullptr;
}

bool shows(const Model& model, const std::string& text) {
    return draw(model).text().find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(children_list)

BOOST_AUTO_TEST_CASE(selection_stays_on_its_child_when_rows_move) {
    Model model = sample::live(80, 24);
    sample::press(model, U"2Cjj");  // by connections, largest first
    const std::string chosen = model.children.list.selected;
    BOOST_TEST(chosen != "41");
    auto frame = changeable(model);
    for (int i = 0; i < frame->children_size(); ++i)
        frame->mutable_children(i)->set_connections(static_cast<std::uint32_t>(100 - i));
    deliver(model, frame);
    BOOST_TEST(model.children.list.selected == chosen);
    BOOST_TEST(
        fmt::format(
            "{}",
            ordered_children(model)[static_cast<std::size_t>(model.children.list.cursor)]->uid()) ==
        chosen);
}

BOOST_AUTO_TEST_CASE(selection_moves_to_a_neighbour_when_its_child_is_gone) {
    Model model = sample::live(80, 24);
    sample::press(model, U"2jj");
    BOOST_TEST(model.children.list.selected == "43");
    auto frame = changeable(model);
    frame->mutable_children()->DeleteSubrange(2, 1);
    deliver(model, frame);
    BOOST_TEST(model.children.list.selected == "44");
    frame->clear_children();
    deliver(model, frame);
    BOOST_TEST(model.children.list.selected.empty());
    sample::press(model, U"jkGr");
    BOOST_TEST(shows(model, "no child is selected"));
}

BOOST_AUTO_TEST_CASE(a_child_that_leaves_shows_its_countdown_and_what_holds_it) {  // U-2
    Model model = sample::live(160, 40);
    auto frame = changeable(model);
    v1::Child& leaving = *frame->mutable_children(6);
    leaving.mutable_drain_deadline()->set_seconds(frame->sample_time().seconds() + 42);
    leaving.set_held_by("14m02s 198.51.100.7:51122 GET /big.iso");
    sample::press(model, U"2jjjjjj");
    BOOST_TEST(model.children.list.selected == "47");
    sample::press(model, U"\r");
    deliver(model, frame);
    BOOST_TEST(shows(model, "leaves: reload, 42s left"));
    BOOST_TEST(shows(model, "held by 14m02s 198.51.100.7:51122 GET /big.iso"));
}

BOOST_AUTO_TEST_CASE(a_child_that_leaves_is_told_whole_in_80_columns) {
    Model model = sample::live(80, 24);
    auto frame = changeable(model);
    v1::Child& leaving = *frame->mutable_children(6);
    leaving.set_retire_reason("operator");
    leaving.mutable_drain_deadline()->set_seconds(frame->sample_time().seconds() + 297);
    leaving.set_held_by("14m02s 198.51.100.7:51122 GET /big.iso");
    sample::press(model, U"2jjjjjj");
    deliver(model, frame);
    BOOST_TEST(shows(model, "leaves: operator, 4m57 left"));
    BOOST_TEST(shows(model, "held by 14m02s 198.51.100.7:51122 GET /big.iso"));
    BOOST_TEST(shows(model, "queued"));  // the lines below it stay
}

BOOST_AUTO_TEST_CASE(typed_words_narrow_at_once_and_escape_brings_all_back) {
    Model model = sample::live(80, 24);
    sample::press(model, U"2/drain");
    BOOST_TEST(ordered_children(model).size() == 1U);
    sample::press(model, U"\r");
    BOOST_TEST(shows(model, "drain (1 shown)"));
    BOOST_TEST(model.children.list.selected == "47");
    sample::press(model, U"\x1b");
    BOOST_TEST(ordered_children(model).size() == 9U);
    sample::press(model, U"/gen=7 slot=3\r");
    BOOST_TEST(ordered_children(model).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_selected_row_is_always_in_sight) {
    const sample::Shape many{100, 25, 0};
    Model model = sample::live(80, 24, many);
    for (const char32_t* keys :
         {U"G", U"2", U"1", U"g", U"jjjjjjjjjjjjjjjjjjjj", U"2", U"\r", U"\r", U"1"}) {
        sample::press(model, keys, many);
        const ListView& list = model.children.list;
        BOOST_TEST((list.cursor >= list.top && list.cursor < list.top + child_list_rows(model)));
    }
    (void)update(model, Resized{60, 16}, model.now);
    const ListView& list = model.children.list;
    BOOST_TEST((list.cursor >= list.top && list.cursor < list.top + child_list_rows(model)));
}

BOOST_AUTO_TEST_CASE(numbers_are_those_of_the_frame) {
    Model model = sample::live(120, 40);
    const v1::Server& server = model.frame->server();
    BOOST_TEST(
        shows(model, fmt::format("{}/{} busy", server.workers().busy(), server.workers().limit())));
    BOOST_TEST(shows(model, fmt::format("{} idle", server.workers().idle())));
    BOOST_TEST(
        shows(model, fmt::format("{} KA {} RD {} RN {} WC {} CL {}", server.connections().total(),
                                 server.connections().keep_alive(), server.connections().reading(),
                                 server.connections().running(), server.connections().writing(),
                                 server.connections().closing())));
    BOOST_TEST(shows(model, model.frame->children(3).board()));
    BOOST_TEST(shows(model, "served: 97% listener, 3% workers"));
}

BOOST_AUTO_TEST_CASE(what_is_short_is_named_with_its_reason) {
    Model model = sample::live(80, 24);
    auto frame = changeable(model);
    frame->mutable_server()->set_shortage("listener");
    frame->mutable_server()->set_shortage_text("listener of child 41 busy 97%");
    frame->mutable_server()->add_notices("restart in progress");
    deliver(model, frame);
    BOOST_TEST(shows(model, "! short: listener"));
    BOOST_TEST(shows(model, "short: listener of child 41 busy 97%"));
    BOOST_TEST(shows(model, "! restart in progress"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connections_list)

const sample::Shape kMany{9, 25, 10'000};

BOOST_AUTO_TEST_CASE(ten_thousand_rows_are_walked_by_windows) {
    Model model = sample::live(80, 24, kMany);
    sample::press(model, U"3", kMany);
    BOOST_TEST(model.asked.level == v1::FRAME_LEVEL_ROWS);
    BOOST_TEST(connection_count(model) == 10'000);
    sample::press(model, U"G", kMany);
    BOOST_TEST(model.connections.list.cursor == 9999);
    BOOST_TEST(model.connections.list.selected == sample::connection(9999).id());
    BOOST_TEST(model.asked.limit < 500U);
    BOOST_TEST(shows(model, "/export/9999.csv"));
    BOOST_TEST(shows(model, "10000 of"));
    for (int page = 0; page < 700; ++page)
        sample::press(model, std::u32string(1, key::kPageUp), kMany);
    BOOST_TEST(model.connections.list.cursor == 0);
    BOOST_TEST(shows(model, "/export/0.csv"));
}

BOOST_AUTO_TEST_CASE(small_steps_need_no_new_query) {
    Model model = sample::live(80, 24, kMany);
    sample::press(model, U"3", kMany);
    const WatchSpec asked = model.asked;
    sample::press(model, U"jjjjjjjjjjjjjjjjjjjjjjjj", kMany);
    BOOST_TEST((model.asked == asked));
}

BOOST_AUTO_TEST_CASE(selection_stays_on_its_connection_when_rows_move) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3jjjj");
    const std::string chosen = model.connections.list.selected;
    auto frame = changeable(model);
    frame->mutable_connections()->DeleteSubrange(0, 3);  // three before it were closed
    deliver(model, frame);
    BOOST_TEST(model.connections.list.selected == chosen);
    BOOST_TEST(model.connections.list.cursor == 1);
}

BOOST_AUTO_TEST_CASE(details_stay_when_the_connection_is_closed) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3jj\r");
    BOOST_TEST(shows(model, "request GET /export/2.csv"));
    auto frame = changeable(model);
    frame->mutable_connections()->DeleteSubrange(2, 1);
    deliver(model, frame);
    BOOST_TEST(shows(model, "request GET /export/2.csv"));
    BOOST_TEST(shows(model, "no longer in the list"));
}

BOOST_AUTO_TEST_CASE(the_server_filters_and_sorts) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3/state = running");
    const Reaction reaction = update(model, KeyPressed{key::kEnter}, model.now);
    BOOST_TEST_REQUIRE(watch_of(reaction));
    BOOST_TEST(watch_of(reaction)->spec.filter == "state = running");
    BOOST_TEST(watch_of(reaction)->spec.order_by == "age desc");
    BOOST_TEST((scope_of(model) == Scope::FilterInput));  // until the server has understood it
    sample::feed(model);
    BOOST_TEST((scope_of(model) == Scope::Connections));
    BOOST_TEST(shows(model, "filter state = running"));
    sample::press(model, U"N");
    BOOST_TEST(model.asked.order_by == "pid");
    sample::press(model, U"I");
    BOOST_TEST(model.asked.order_by == "pid desc");
}

BOOST_AUTO_TEST_CASE(a_filter_that_is_refused_changes_nothing) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3/state = keep_alive\r");
    sample::press(model, U"/ and");
    (void)update(model, KeyPressed{key::kEnter}, model.now);
    Failure failure;
    failure.message = "at 23: expected a field";
    failure.metadata["column"] = "23";
    const Reaction reaction = update(model, WatchRefused{model.asked, failure}, model.now);
    BOOST_TEST(model.connections.filter == "state = keep_alive");
    BOOST_TEST_REQUIRE(watch_of(reaction));
    BOOST_TEST(watch_of(reaction)->spec.filter == "state = keep_alive");
    BOOST_TEST(shows(model, "at 23: expected a field"));
    sample::press(model, U"\x1b");
    BOOST_TEST((scope_of(model) == Scope::Connections));
}

BOOST_AUTO_TEST_CASE(hostile_rows_cannot_break_the_picture) {
    Model model = sample::live(80, 24);
    sample::press(model, U"3\r");
    auto frame = changeable(model);
    v1::Connection& row = *frame->mutable_connections(0);
    row.set_target("/\x1b[2J\x1b[31m");
    row.set_vhost("a\x07\x7f");
    row.set_peer("1.2.3.4:5");
    deliver(model, frame);
    const std::string text = draw(model).text();
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        BOOST_REQUIRE((c == '\n' || (byte >= 0x20 && byte != 0x7f)));
    }
    BOOST_TEST(text.find("\\x1b[2J") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(live_data)

BOOST_AUTO_TEST_CASE(the_first_event_asks_for_frames) {
    Model model;
    const Reaction reaction = update(model, Tick{}, sample::at(0));
    BOOST_TEST_REQUIRE(watch_of(reaction));
    BOOST_TEST(watch_of(reaction)->spec.level == v1::FRAME_LEVEL_CHILDREN);
    BOOST_TEST(!watch_of(update(model, Tick{}, sample::at(1))));
}

BOOST_AUTO_TEST_CASE(a_pause_holds_the_picture_and_ends_with_the_newest_frame) {
    Model model = sample::live(80, 24);
    sample::press(model, U"Z");
    BOOST_TEST(draw(model).row(0).find("PAUSED") != std::string::npos);
    const std::string held = draw(model).text();
    sample::feed(model, {}, 1);
    sample::feed(model, {}, 2);
    BOOST_TEST(draw(model).text() == held);
    sample::press(model, U"Z");
    BOOST_TEST(draw(model).row(0).find("14:02:33") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(old_data_is_marked_with_its_age) {
    Model model = sample::live(80, 24);
    Reaction reaction = update(model, Tick{}, sample::at(2));
    BOOST_TEST(!reaction.draw);
    reaction = update(model, Tick{}, sample::at(5));
    BOOST_TEST(reaction.draw);
    BOOST_TEST(draw(model).row(0).find("STALE 5s") != std::string::npos);
    sample::feed(model, {}, 6);
    BOOST_TEST(draw(model).row(0).find("LIVE") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_says_when_it_is_tried_again) {
    Model model = sample::live(80, 24);
    (void)update(model,
                 LinkChanged{Link::Lost, sample::failure("refused"), std::chrono::seconds(2)},
                 sample::at(1));
    BOOST_TEST(shows(model, "connection lost: data is 1 s old, trying again in 2 s (refused)"));
    (void)update(model, Tick{}, sample::at(2));
    BOOST_TEST(shows(model, "trying again in 1 s"));
    sample::press(model, U"2jj?");  // keys work all the time
    BOOST_TEST(shows(model, "HELP"));
    (void)update(model, LinkChanged{Link::Live, sample::failure(""), {}}, sample::at(3));
    sample::feed(model, {}, 3);
    BOOST_TEST(!shows(model, "connection lost"));
}

BOOST_AUTO_TEST_CASE(heartbeats_keep_the_picture_alive) {
    Model model = sample::live(80, 24);
    auto beat = std::make_shared<v1::ScoreboardFrame>();
    beat->set_kind(v1::FRAME_KIND_HEARTBEAT);
    (void)update(model, FrameArrived{beat, model.asked}, sample::at(30));
    BOOST_TEST(draw(model).row(0).find("LIVE") != std::string::npos);
    BOOST_TEST(shows(model, "20411"));
}

BOOST_AUTO_TEST_CASE(cleared_counters_make_a_gap_and_no_spike) {
    History history;
    v1::ScoreboardFrame frame;
    frame.mutable_server()->set_epoch(1);
    frame.mutable_server()->mutable_requests()->set_total(1000);
    frame.mutable_server()->mutable_requests()->set_status_5xx(10);
    frame.mutable_sample_time()->set_seconds(100);
    history.add(frame);
    BOOST_TEST(!history.error_share());
    frame.mutable_sample_time()->set_seconds(101);
    frame.mutable_server()->mutable_requests()->set_total(1100);
    frame.mutable_server()->mutable_requests()->set_status_5xx(11);
    history.add(frame);
    BOOST_TEST(*history.error_share() == 0.01);
    frame.mutable_sample_time()->set_seconds(102);
    frame.mutable_server()->set_epoch(2);
    frame.mutable_server()->mutable_requests()->set_total(5);
    frame.mutable_server()->mutable_requests()->set_status_5xx(0);
    history.add(frame);
    BOOST_TEST(!history.error_share());
    BOOST_TEST(history.request_rates()[2] < 0);
}

BOOST_AUTO_TEST_CASE(any_size_of_window_can_be_drawn) {
    const sample::Shape threads{12, 64, 500};
    Model model = sample::live(80, 24, threads);
    for (const char32_t* keys : {U"1", U"2", U"\r", U"3", U"\r", U"?", U"?t", U"\x1br", U"\x1bs"}) {
        sample::press(model, keys, threads);
        for (const int width : {0, 1, 20, 59, 60, 79, 109, 110, 132, 500}) {
            for (const int height : {0, 1, 5, 15, 16, 19, 20, 33, 34, 200}) {
                (void)update(model, Resized{width, height}, model.now);
                const Canvas canvas = draw(model);
                BOOST_TEST((canvas.width() == width && canvas.height() == height));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

// Dialogs: what is sent, when, and what a person sees of the answer. Nothing acts without a chosen
// button.

#include <boost/test/unit_test.hpp>

#include "tests/unit/tui/sample.h"
#include "tui/model/update.h"
#include "tui/screens/draw.h"

using namespace mpmd::tui;

namespace {

template <class Kind>
const Kind* intent_of(const Reaction& reaction) {
    for (const Intent& intent : reaction.intents) {
        if (const auto* found = std::get_if<Kind>(&intent)) return found;
    }
    return nullptr;
}

bool shows(const Model& model, const std::string& text) {
    return draw(model).text().find(text) != std::string::npos;
}

tl::unexpected<Failure> refused(const std::string& message) {
    Failure failure;
    failure.code = 3;
    failure.message = message;
    return tl::unexpected<Failure>(failure);
}

Model tuning(std::u32string_view keys) {
    Model model = sample::live(80, 24);
    sample::press(model, U"t");
    (void)update(model, DirectivesListed{sample::directives()}, model.now);
    sample::press(model, keys);
    return model;
}

const TuneDialog& tune(const Model& model) {
    return std::get<TuneDialog>(model.dialog);
}

v1::UpdateDirectivesResponse good_check() {
    v1::UpdateDirectivesResponse response;
    response.set_prediction("would start up to 2 children now");
    return response;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restart_dialogs)

BOOST_AUTO_TEST_CASE(the_target_is_frozen_when_the_dialog_opens) {
    Model model = sample::live(80, 24);
    sample::press(model, U"2jr");
    auto frame = std::make_shared<v1::ScoreboardFrame>(*model.frame);
    frame->mutable_children()->DeleteSubrange(1, 1);
    (void)update(model, FrameArrived{frame, model.asked}, model.now);
    BOOST_TEST(shows(model, "child 42 (slot 1, pid 20424)"));
    const Reaction reaction = sample::press(model, U"\t\r");
    BOOST_TEST_REQUIRE(intent_of<StartRestart>(reaction));
    BOOST_TEST(intent_of<StartRestart>(reaction)->request.uids(0) == 42U);
}

BOOST_AUTO_TEST_CASE(enter_alone_and_escape_do_nothing) {
    for (const char32_t* keys :
         {U"2r\r", U"2R\r", U"2R\x1b", U"2r\t\x1b", U"2r\t\t\r", U"2rrrrRRRR yY\r"}) {
        Model model = sample::live(80, 24);
        const Reaction reaction = sample::press(model, keys);
        BOOST_TEST(!intent_of<StartRestart>(reaction));
        BOOST_TEST(model.dialog.index() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(tagged_children_are_restarted_together) {
    Model model = sample::live(80, 24);
    const Reaction reaction = sample::press(model, U"2 j  r\t\r");
    BOOST_TEST_REQUIRE(intent_of<StartRestart>(reaction));
    const v1::RestartChildrenRequest& request = intent_of<StartRestart>(reaction)->request;
    BOOST_TEST(request.uids_size() == 3);
    BOOST_TEST(request.uids(1) == 43U);
    BOOST_TEST(!request.all());
}

BOOST_AUTO_TEST_CASE(restart_all_asks_for_all_and_shows_progress_to_the_end) {
    Model model = sample::live(80, 24);
    const Reaction reaction = sample::press(model, U"R\t\r");
    BOOST_TEST_REQUIRE(intent_of<StartRestart>(reaction));
    BOOST_TEST(intent_of<StartRestart>(reaction)->request.all());
    v1::Operation operation;
    operation.set_name("op-5");
    operation.set_kind("restart");
    operation.set_state(v1::OPERATION_STATE_RUNNING);
    operation.set_total(9);
    operation.set_update(1);
    (void)update(model, RestartStarted{operation}, model.now);
    operation.set_update(2);
    operation.set_done(4);
    operation.set_progress("4/9 replaced, 1 draining");
    auto frame = std::make_shared<v1::ScoreboardFrame>(*model.frame);
    *frame->add_operations() = operation;
    (void)update(model, FrameArrived{frame, model.asked}, model.now);
    BOOST_TEST(shows(model, "4/9 replaced, 1 draining"));
    sample::press(model, U"\x1b");
    BOOST_TEST(shows(model, "op-5 restart: 4/9 replaced"));  // goes on below
}

BOOST_AUTO_TEST_CASE(a_refusal_is_shown_in_the_dialog) {
    Model model = sample::live(80, 24);
    sample::press(model, U"R\t\r");
    (void)update(model, RestartStarted{refused("op-4 is running")}, model.now);
    BOOST_TEST(shows(model, "Refused: op-4 is running"));
    sample::press(model, U"\r");
    BOOST_TEST(model.dialog.index() == 0U);
}

BOOST_AUTO_TEST_CASE(a_viewer_is_told_what_is_missing) {
    Model model = sample::live(80, 24);
    auto frame = std::make_shared<v1::ScoreboardFrame>(*model.frame);
    frame->mutable_server()->add_methods("/mpm.control.v1.ServerService/GetServer");
    (void)update(model, FrameArrived{frame, model.asked}, model.now);
    sample::press(model, U"R");
    BOOST_TEST(model.dialog.index() == 0U);
    BOOST_TEST(shows(model, "restart needs role operator"));
    sample::press(model, U"t");
    BOOST_TEST(shows(model, "changing limits needs role operator"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tune_dialog)

BOOST_AUTO_TEST_CASE(regulation_limits_come_first_and_only_what_applies_at_once_is_offered) {
    const Model model = tuning(U"");
    BOOST_TEST_REQUIRE(tune(model).directives.size() == 5U);
    BOOST_TEST(tune(model).directives[0].name() == "MinSpareThreads");
    BOOST_TEST(tune(model).directives[1].name() == "MaxSpareThreads");
    BOOST_TEST(tune(model).directives[4].name() == "KeepAliveTimeout");
}

BOOST_AUTO_TEST_CASE(each_change_is_checked_by_the_server_as_one_set) {
    Model model = tuning(U"80\rj");
    const Reaction reaction = sample::press(model, U"200");
    const auto* check = intent_of<CheckChange>(reaction);
    BOOST_TEST_REQUIRE(check);
    BOOST_TEST(check->request.validate_only());
    BOOST_TEST(check->request.etag() == "rev-41");
    BOOST_TEST_REQUIRE(check->request.changes_size() == 2);
    BOOST_TEST(check->request.changes(0).value() == "80");
    BOOST_TEST(check->request.changes(1).name() == "MaxSpareThreads");
    BOOST_TEST(check->request.changes(1).value() == "200");
}

BOOST_AUTO_TEST_CASE(only_the_answer_to_the_last_question_counts) {
    Model model = tuning(U"8");
    const std::uint64_t old_ticket = tune(model).ticket;
    sample::press(model, U"0");
    (void)update(model, ChangeChecked{old_ticket, good_check()}, model.now);
    BOOST_TEST((tune(model).check == TuneDialog::Check::Waiting));
    (void)update(model,
                 ChangeChecked{tune(model).ticket, refused("80 is more than MaxSpareThreads")},
                 model.now);
    BOOST_TEST(shows(model, "refused: 80 is more than MaxSpareThreads"));
}

BOOST_AUTO_TEST_CASE(nothing_is_applied_before_the_check_is_good_and_the_button_is_chosen) {
    Model model = tuning(U"80\ra");
    BOOST_TEST((tune(model).focus == TuneDialog::Focus::Rows));
    (void)update(model, ChangeChecked{tune(model).ticket, good_check()}, model.now);
    BOOST_TEST(shows(model, "would start up to 2 children now"));
    Reaction reaction = sample::press(model, U"a");
    BOOST_TEST(!intent_of<ApplyChange>(reaction));
    reaction = sample::press(model, U"\r");
    const auto* apply = intent_of<ApplyChange>(reaction);
    BOOST_TEST_REQUIRE(apply);
    BOOST_TEST(!apply->request.validate_only());
    BOOST_TEST(apply->request.etag() == "rev-41");
    BOOST_TEST(apply->request.lifetime() == v1::LIFETIME_UNTIL_RESTART);
    v1::UpdateDirectivesResponse done;
    done.set_revision(42);
    v1::ChangeEffect& effect = *done.add_effects();
    effect.set_name("MinSpareThreads");
    effect.set_old_value("50");
    effect.set_new_value("80");
    (void)update(model, ChangeApplied{done}, model.now);
    BOOST_TEST(shows(model, "Applied as revision 42: MinSpareThreads 50 -> 80"));
    sample::press(model, U"\r");
    BOOST_TEST(model.dialog.index() == 0U);
}

BOOST_AUTO_TEST_CASE(a_saved_change_is_checked_and_applied_as_saved) {
    Model model = tuning(U"80\r");
    const Reaction reaction = sample::press(model, U"s");
    BOOST_TEST_REQUIRE(intent_of<CheckChange>(reaction));
    BOOST_TEST(intent_of<CheckChange>(reaction)->request.lifetime() == v1::LIFETIME_SAVED);
}

BOOST_AUTO_TEST_CASE(somebody_else_was_faster) {
    Model model = tuning(U"80\r");
    (void)update(model, ChangeChecked{tune(model).ticket, good_check()}, model.now);
    sample::press(model, U"a\r");
    Reaction reaction = update(model, ChangeApplied{refused("revision is 42 (bob)")}, model.now);
    BOOST_TEST(intent_of<ListDirectives>(reaction));
    v1::ListDirectivesResponse fresh = sample::directives();
    fresh.set_etag("rev-42");
    fresh.mutable_directives(2)->set_value("60");
    reaction = update(model, DirectivesListed{fresh}, model.now);
    BOOST_TEST_REQUIRE(intent_of<CheckChange>(reaction));
    BOOST_TEST(intent_of<CheckChange>(reaction)->request.etag() ==
               "rev-42");  // and what was typed is kept
    BOOST_TEST(intent_of<CheckChange>(reaction)->request.changes(0).value() == "80");
}

BOOST_AUTO_TEST_CASE(edits_are_dropped_only_when_asked_twice) {
    Model model = tuning(U"80\r");
    sample::press(model, U"\x1b");
    BOOST_TEST(shows(model, "Esc again drops 1 change"));
    sample::press(model, U"j");
    sample::press(model, U"\x1b");
    BOOST_TEST(model.dialog.index() == 0U);
}

BOOST_AUTO_TEST_CASE(a_value_typed_back_is_no_change) {
    Model model = tuning(U"5");
    BOOST_TEST(tune(model).changes() == 1);
    sample::press(model, U"0\r");
    BOOST_TEST(tune(model).changes() == 0);
    sample::press(model, U"\x1b");
    BOOST_TEST(model.dialog.index() == 0U);
}

BOOST_AUTO_TEST_CASE(directives_that_cannot_be_read_are_an_answer_too) {
    Model model = sample::live(80, 24);
    sample::press(model, U"t");
    (void)update(model, DirectivesListed{refused("no route")}, model.now);
    BOOST_TEST(shows(model, "cannot be read: no route"));
    sample::press(model, U"jk80\r");
    BOOST_TEST(model.dialog.index() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

#include "daemon/supervisor/command_server.h"

#include <fstream>
#include <iterator>

#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "daemon/supervisor/command_text.h"
#include "tests/support/temp_dir.h"

namespace mpmd::supervisor {
namespace {

using ipc::Outcome;
using ipc::Refusal;

// A supervisor without children: everything that control may ask for, and what it is answered.
const std::string kLines =
    "MinSpareThreads 25\nMaxSpareThreads 75\nThreadsPerChild 25\nMaxRequestWorkers 150\n";

struct Desk {
    Desk() {
        std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
        write_file(kLines);
        auto first = RevisionLog::first(dir / "mpmd.conf");
        BOOST_REQUIRE_MESSAGE(first.has_value(), (first ? "" : first.error().message));
        auto loop = os::EventLoop::open();
        auto board = Board::create({});
        auto state = StateDir::open(dir / "state", nullptr);
        BOOST_REQUIRE((loop && board && state));
        core = std::make_unique<Core>(std::move(*loop), std::move(*board), std::move(*state),
                                      std::move(first->log));
        children = std::make_unique<Children>(*core, Children::Hooks{});
        regulation = std::make_unique<Regulation>(*core, *children);
        replacement = std::make_unique<Replacement>(*core, *children);
        desk = std::make_unique<CommandServer>(CommandServer::Parts{
            *core, *children, *regulation, *replacement, writer,
            [this](const CommandServer::ReloadWish& wish) -> Result<std::uint64_t> {
                ++reloads;
                if (bad_file) return fail(Error::text("line 3 is wrong"));
                return std::uint64_t{wish.validate_only ? 0U : 17U};
            },
            [this] { return stopping; },
            [this](const ipc::Reply& reply) { replies.push_back(reply); }});
    }

    const ipc::Reply& ask(ipc::CommandBody body,
                          std::uint8_t id = 0,
                          ipc::Verb verb = ipc::Verb::Ping) {
        ipc::Command command;
        command.header.verb = verb;
        command.header.serial = ++serial;
        command.header.uid = 1000;
        command.header.request_id[0] = id;
        command.body = std::move(body);
        // As it comes out of the channel.
        const auto decoded = ipc::decode_command(ipc::encode(command));
        BOOST_REQUIRE(decoded.has_value());
        const std::size_t before = replies.size();
        desk->handle(*decoded);
        if (meanwhile && replies.size() == before) meanwhile();
        while (replies.size() == before)
            writer_ends();
        BOOST_REQUIRE_EQUAL(replies.back().header.serial, serial);
        return replies.back();
    }

    void writer_ends() {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        BOOST_REQUIRE_GT(pid, 0);
        BOOST_REQUIRE(writer.exited({pid, std::nullopt, WEXITSTATUS(status), false}));
    }

    // What is asked while a change waits for the disk.
    const ipc::Reply& save(std::string_view name, std::string_view value) {
        ipc::ChangeBody body = change(name, value);
        body.saved = 1;
        return ask(body);
    }
    // As a graceful restart does.
    void load_file() {
        auto loaded = core->revisions.load_again(false);
        BOOST_REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().message));
        (void)core->revisions.commit(std::move(*loaded));
    }

    static ipc::ChangeBody change(std::string_view name, std::string_view value) {
        ipc::ChangeBody body;
        body.count = 1;
        BOOST_REQUIRE(ipc::set_text(body.changes[0].name, name));
        BOOST_REQUIRE(ipc::set_text(body.changes[0].value, value));
        return body;
    }

    void write_file(const std::string& more) {
        const std::string root = dir.path().string();
        dir.write("mpmd.conf", "ServerRoot \"" + root + "\"\nListen 127.0.0.1:0\nDocumentRoot \"" +
                                   root + "\"\nStateDir \"" + root + "/state\"\n" + more);
    }

    std::int64_t min_spare() const { return core->settings().limits.min_spare_threads; }

    test::TempDir dir;
    FileWriter writer;
    std::unique_ptr<Core> core;
    std::unique_ptr<Children> children;
    std::unique_ptr<Regulation> regulation;
    std::unique_ptr<Replacement> replacement;
    std::unique_ptr<CommandServer> desk;
    std::vector<ipc::Reply> replies;
    std::uint64_t serial = 0;
    int reloads = 0;
    bool bad_file = false;
    bool stopping = false;
    std::function<void()> meanwhile;  // done while a change waits for the disk
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_server)

BOOST_AUTO_TEST_CASE(a_change_applies_and_raises_the_revision) {
    Desk desk;
    const std::uint64_t before = desk.core->revisions.revision().value();
    const ipc::Reply& reply = desk.ask(Desk::change("minsparethreads", "40"));
    BOOST_TEST((reply.header.outcome == Outcome::Done));
    BOOST_TEST(reply.header.revision == before + 1);
    BOOST_TEST(desk.min_spare() == 40);
    BOOST_TEST(desk.core->board.global.min_spare_threads == 40U);
}

BOOST_AUTO_TEST_CASE(a_dry_run_changes_nothing) {
    Desk desk;
    const std::uint64_t before = desk.core->revisions.revision().value();
    ipc::ChangeBody body = Desk::change("MinSpareThreads", "40");
    body.validate_only = 1;
    const ipc::Reply& reply = desk.ask(body);
    BOOST_TEST((reply.header.outcome == Outcome::Done));
    BOOST_TEST(reply.header.revision == before);
    BOOST_TEST(desk.min_spare() == 25);
}

BOOST_AUTO_TEST_CASE(what_waits_for_the_next_start_is_not_shown_as_in_force) {
    Desk desk;
    const auto instance = [&] {
        return directive_state(*config::find_directive("Instance"), desk.core->revisions);
    };
    BOOST_TEST(ipc::text(instance().note) == "");
    desk.write_file(kLines + "Instance other\n");
    desk.load_file();
    desk.load_file();  // it still waits after another load
    BOOST_TEST(ipc::text(instance().value) == "main");
    BOOST_TEST(ipc::text(instance().file_value) == "other");
    BOOST_TEST(ipc::text(instance().note) ==
               "Instance other takes effect at the next start of the server; main stays in use");
    desk.write_file(kLines);
    desk.load_file();
    BOOST_TEST(ipc::text(instance().note) == "");
}

BOOST_AUTO_TEST_CASE(what_is_so_already_needs_no_revision) {
    Desk desk;
    // Over the file, even with its own value, is something: it holds over the next load.
    desk.ask(Desk::change("MinSpareThreads", "25"));
    BOOST_REQUIRE(!desk.core->revisions.layers().runtime.empty());
    const std::uint64_t before = desk.core->revisions.revision().value();
    const ipc::Reply& again = desk.ask(Desk::change("MinSpareThreads", "25"));
    BOOST_TEST((again.header.outcome == Outcome::Done));
    BOOST_TEST(ipc::text(again.header.metadata) == "unchanged=1\n");
    BOOST_TEST(again.header.revision == before);
    BOOST_TEST(desk.core->revisions.revision().value() == before);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused_with_its_reason_and_changes_nothing) {
    Desk desk;
    const auto refusal = [&](std::string_view name, std::string_view value) {
        const ipc::Reply& reply = desk.ask(Desk::change(name, value));
        BOOST_TEST((reply.header.outcome == Outcome::Refused));
        BOOST_TEST(!ipc::text(reply.header.message).empty());
        return reply.header.refusal;
    };
    BOOST_TEST((refusal("NoSuchThing", "1") == Refusal::UnknownDirective));
    BOOST_TEST((refusal("MinSpareThreads", "x") == Refusal::ValueOutOfRange));
    BOOST_TEST((refusal("User", "root") == Refusal::NotOverridable));
    BOOST_TEST((refusal("MaxSpareThreads", "30") == Refusal::LimitsConflict));
    BOOST_TEST((refusal("ThreadsPerChild", "10") == Refusal::NeedsRestart));
    BOOST_TEST(desk.min_spare() == 25);
}

BOOST_AUTO_TEST_CASE(a_change_of_a_revision_that_is_over_is_refused) {
    Desk desk;
    ipc::ChangeBody body = Desk::change("MinSpareThreads", "40");
    body.if_revision = desk.core->revisions.revision().value();
    BOOST_TEST((desk.ask(body).header.outcome == Outcome::Done));
    BOOST_TEST((desk.ask(body).header.refusal == Refusal::RevisionChanged));
}

BOOST_AUTO_TEST_CASE(a_saved_change_is_on_disk_before_it_is_answered_and_survives_a_start) {
    Desk desk;
    ipc::ChangeBody body = Desk::change("MinSpareThreads", "40");
    body.saved = 1;
    BOOST_TEST((desk.ask(body).header.outcome == Outcome::Done));
    const auto next = RevisionLog::first(desk.dir / "mpmd.conf");
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(next->log.config()->effective.limits.min_spare_threads == 40);
    BOOST_TEST((next->log.revision() > desk.core->revisions.revision()));
}

BOOST_AUTO_TEST_CASE(a_change_that_cannot_be_saved_is_not_made) {
    Desk desk;
    std::filesystem::create_directory(desk.dir / "state/overrides.conf");
    ipc::ChangeBody body = Desk::change("MinSpareThreads", "40");
    body.saved = 1;
    BOOST_TEST((desk.ask(body).header.refusal == Refusal::StateNotSaved));
    BOOST_TEST(desk.min_spare() == 25);
}

// A slow disk and a signal: what the signal loaded stays.
BOOST_AUTO_TEST_CASE(a_reload_while_a_change_is_being_saved_is_not_undone_by_it) {
    Desk desk;
    desk.meanwhile = [&desk] {
        desk.write_file(kLines + "KeepAliveTimeout 77\n");
        desk.load_file();
    };
    BOOST_TEST((desk.save("MinSpareThreads", "40").header.outcome == Outcome::Done));
    BOOST_TEST(desk.min_spare() == 40);
    BOOST_TEST(desk.core->settings().live.keep_alive_timeout_ms == 77'000);
}

BOOST_AUTO_TEST_CASE(a_saved_change_that_fits_no_more_is_refused_and_taken_from_the_disk) {
    Desk desk;
    desk.meanwhile = [&desk] {
        desk.write_file(
            "MinSpareThreads 5\nMaxSpareThreads 35\nThreadsPerChild 25\n"
            "MaxRequestWorkers 150\n");
        desk.load_file();
    };
    const ipc::Reply reply = desk.save("MinSpareThreads", "40");
    BOOST_TEST((reply.header.refusal == Refusal::LimitsConflict));
    BOOST_TEST(desk.min_spare() == 5);
    desk.writer_ends();
    const auto next = RevisionLog::first(desk.dir / "mpmd.conf");
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(next->log.config()->effective.limits.min_spare_threads == 5);
}

BOOST_AUTO_TEST_CASE(a_stop_while_a_change_is_being_saved_comes_first) {
    Desk desk;
    desk.meanwhile = [&desk] { desk.stopping = true; };
    BOOST_TEST((desk.save("MinSpareThreads", "40").header.refusal == Refusal::Stopping));
    BOOST_TEST(desk.min_spare() == 25);
    desk.writer_ends();
}

BOOST_AUTO_TEST_CASE(a_retry_gets_the_same_answer_and_does_nothing_twice) {
    Desk desk;
    const ipc::Reply first = desk.ask(ipc::ReloadBody{}, 5);
    BOOST_TEST((first.header.outcome == Outcome::Accepted));
    const ipc::Reply& again = desk.ask(ipc::ReloadBody{}, 5);
    BOOST_TEST((again.header.outcome == Outcome::Accepted));
    BOOST_TEST(again.header.operation == first.header.operation);
    BOOST_TEST(desk.reloads == 1);
    (void)desk.ask(ipc::ReloadBody{}, 6);
    BOOST_TEST(desk.reloads == 2);
}

BOOST_AUTO_TEST_CASE(a_file_that_does_not_load_is_refused_with_its_text) {
    Desk desk;
    desk.bad_file = true;
    const ipc::Reply& reply = desk.ask(ipc::ReloadBody{});
    BOOST_TEST((reply.header.refusal == Refusal::ConfigInvalid));
    BOOST_TEST(ipc::text(reply.header.message) == "line 3 is wrong");
}

BOOST_AUTO_TEST_CASE(a_child_that_is_not_there_is_gone) {
    Desk desk;
    ipc::RolloutBody body;
    body.count = 1;
    body.uids[0] = 99;
    BOOST_TEST((desk.ask(body).header.refusal == Refusal::Gone));
    BOOST_TEST((desk.ask(ipc::RolloutBody{}).header.refusal == Refusal::BadRequest));
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_only_answers_questions) {
    Desk desk;
    desk.stopping = true;
    BOOST_TEST(
        (desk.ask(Desk::change("MinSpareThreads", "40")).header.refusal == Refusal::Stopping));
    BOOST_TEST((desk.ask(ipc::StateRequest{}).header.outcome == Outcome::Done));
    BOOST_TEST((desk.ask(std::monostate{}).header.outcome == Outcome::Done));
}

BOOST_AUTO_TEST_CASE(every_directive_is_found_once_page_by_page) {
    Desk desk;
    std::vector<std::string> names;
    ipc::StateRequest request;
    for (;;) {
        const ipc::Reply reply = desk.ask(request);
        const auto& page = std::get<ipc::StateReply>(reply.body);
        for (std::uint32_t i = 0; i < page.count; ++i) {
            names.emplace_back(ipc::text(page.directives[i].name));
            if (names.back() != "MinSpareThreads") continue;
            BOOST_TEST(ipc::text(page.directives[i].value) == "25");
            BOOST_TEST(ipc::text(page.directives[i].position) == (desk.dir / "mpmd.conf:5"));
        }
        if (page.more == 0) break;
        request.first += page.count;
    }
    std::vector<std::string> expected;
    for (const config::Directive& directive : config::directives())
        if (directive.support == config::Support::Yes) expected.emplace_back(directive.name);
    BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_control_of_another_layout_is_not_greeted) {
    Desk desk;
    ipc::HelloBody hello;
    hello.layout_version = scoreboard::kLayoutVersion + 1;
    BOOST_TEST((desk.ask(hello).header.outcome == Outcome::Refused));
    hello.layout_version = scoreboard::kLayoutVersion;
    const ipc::Reply reply = desk.ask(hello);
    BOOST_TEST((reply.header.outcome == Outcome::Done));
    BOOST_TEST(ipc::text(std::get<ipc::HelloReply>(reply.body).state_dir) == (desk.dir / "state"));
}

BOOST_AUTO_TEST_CASE(what_the_command_line_defined_holds_for_every_load) {
    const test::TempDir dir;
    const std::string root = dir.path().string();
    const std::string file =
        dir.write("mpmd.conf", "ServerRoot \"" + root + "\"\nListen 127.0.0.1:0\nDocumentRoot \"" +
                                   root + "\"\n<IfDefine MORE>\nInclude more.conf\n</IfDefine>\n");
    dir.write("more.conf", "MinSpareThreads 26\n");
    const auto plain = RevisionLog::first(file);
    const auto more = RevisionLog::first(file, {"MORE"});
    BOOST_REQUIRE((plain && more));
    BOOST_TEST(plain->log.config()->effective.limits.min_spare_threads == 75);
    BOOST_TEST(more->log.config()->effective.limits.min_spare_threads == 26);

    dir.write("more.conf", "MinSpareThreads 27\n");

    const auto again = more->log.load_again();
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->config->effective.limits.min_spare_threads == 27);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor

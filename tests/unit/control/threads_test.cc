// The parts of control that have a thread of their own, against a supervisor that the test plays.
#include <fstream>
#include <future>

#include <poll.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "daemon/control/directive_book.h"
#include "daemon/control/services.h"
#include "daemon/control/store_writer.h"
#include "daemon/control/supervisor_link.h"
#include "daemon/ipc/datagram.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::becomes_true;
using test::soon;

// The other end of the command channel, answered by the test's own hand.
struct Supervisor {
    // As patient as a test on a slow machine has to be, where it is not about giving up.
    explicit Supervisor(SupervisorLink::Patience patience = {seconds(60), seconds(60)}) {
        auto ends = ipc::datagram_pair();
        BOOST_REQUIRE(ends);
        server.emplace(std::move(ends->first));
        auto started = SupervisorLink::start(
            std::move(ends->second), [this](const std::string& why) { gone.set_value(why); },
            patience);
        BOOST_REQUIRE(started);
        link = std::move(*started);
    }
    // The next command that is no PING (those are answered).
    ipc::Command next() {
        ipc::Command command;
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            auto event = server->next();
            auto* got = std::get_if<ipc::Command>(&event);
            if (got == nullptr) return false;
            if (got->header.verb == ipc::Verb::Ping) {
                answer(*got, {});
                return false;
            }
            command = *got;
            return true;
        }));
        return command;
    }
    void answer(const ipc::Command& command, ipc::Reply reply) {
        reply.header.serial = command.header.serial;
        if (reply.header.refusal == ipc::Refusal::None &&
            reply.header.outcome == ipc::Outcome::Refused)
            reply.header.outcome = ipc::Outcome::Done;
        BOOST_TEST(server->reply(reply));
    }

    std::promise<std::string> gone;
    std::optional<ipc::CommandServer> server;
    std::unique_ptr<SupervisorLink> link;
};

ipc::Command state_command(std::uint32_t first) {
    ipc::Command command;
    ipc::StateRequest body;
    body.first = first;
    command.body = body;
    return command;
}

struct Answer {
    std::promise<std::optional<ipc::Reply>> promise;
    std::future<std::optional<ipc::Reply>> future = promise.get_future();
    SupervisorLink::Done done() {
        return [this](std::optional<ipc::Reply> reply) { promise.set_value(std::move(reply)); };
    }
    std::optional<ipc::Reply> get() {
        BOOST_REQUIRE((future.wait_for(soon(seconds(1))) == std::future_status::ready));
        return future.get();
    }
};

ipc::Reply page(std::uint64_t revision, std::initializer_list<const char*> names, bool more) {
    ipc::Reply reply;
    ipc::StateReply body;
    for (const char* name : names) {
        ipc::cut_text(body.directives[body.count].name, name);
        ipc::cut_text(body.directives[body.count++].value, "1");
    }
    body.more = more ? 1 : 0;
    reply.body = body;
    reply.header.revision = revision;
    return reply;
}

store::AuditEntry entry(std::string method) {
    store::AuditEntry entry;
    entry.method = std::move(method);
    entry.allowed = true;
    return entry;
}

// A database folder, and what was said about it.
struct StoreSite {
    StoreWriter::Parts parts(std::size_t most = 4096) {
        return {path,
                [this](const std::string& line) {
                    const os::Lock lock(mutex);
                    said.push_back(line);
                },
                [this](const store::AuditEntry& row) {
                    const os::Lock lock(mutex);
                    announced.push_back(row.method);
                },
                most,
                milliseconds(20),
                seconds(60)};
    }
    std::vector<store::AuditEntry> rows() {
        auto opened = store::Database::open(path);
        BOOST_REQUIRE(opened);
        return store::Audit(opened->database).list(0, 100).value();
    }
    std::size_t announcements() {
        const os::Lock lock(mutex);
        return announced.size();
    }

    test::TempDir dir;
    std::string path = dir / "control.db";
    os::Mutex mutex;
    std::vector<std::string> said;
    std::vector<std::string> announced;
};

// What a server that ended has left in the database, and the scoreboard of the one that runs.
struct OperationSite {
    struct Left {
        std::uint64_t number;
        const char* state;
        std::uint32_t done;
        std::uint32_t total;
    };
    OperationSite() : segment(scoreboard::Segment::create(scoreboard::Header{})) {
        BOOST_REQUIRE(segment);
    }
    void put(const Left& left) {
        auto opened = store::Database::open(store.path);
        BOOST_REQUIRE(opened);
        store::Operation operation;
        operation.number = left.number;
        operation.update = 4;
        operation.kind = "restart";
        operation.state = left.state;
        operation.done = left.done;
        operation.total = left.total;
        operation.draining = 1;
        operation.create_time_us = 1'000'000;
        operation.steps = {{0, 1, 100, 3, 101, "draining", 10, 0},
                           {1, 2, 102, 0, 0, "waiting", 0, 0}};
        BOOST_REQUIRE(store::Operations(opened->database).keep(operation));
    }
    void show(std::uint64_t number,
              std::uint64_t update,
              scoreboard::OperationState state = scoreboard::OperationState::Running) {
        scoreboard::OperationHead head{};
        head.number = number;
        head.update = update;
        head.state = state;
        segment->operation(number % scoreboard::kOperations).head.write(head);
    }
    store::Operation kept(std::uint64_t number) {
        auto opened = store::Database::open(store.path);
        BOOST_REQUIRE(opened);
        const auto found = store::Operations(opened->database).get(number).value();
        BOOST_REQUIRE(found.has_value());
        return *found;
    }
    // As soon as the store is open.
    v1::Operation get(OperationBook& book, const std::string& name) {
        Outcome<v1::Operation> answer = refuse({});
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            std::promise<Outcome<v1::Operation>> promise;
            auto future = promise.get_future();
            book.get(name, [&](Outcome<v1::Operation> got) { promise.set_value(std::move(got)); });
            answer = future.get();
            return answer.has_value();
        }));
        return *answer;
    }

    StoreSite store;
    Result<scoreboard::Segment> segment;
    Sampler sampler{segment->view()};
    Names names;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_link)

BOOST_AUTO_TEST_CASE(replies_find_their_requests_in_any_order) {
    Supervisor supervisor;
    Answer first;
    Answer second;
    supervisor.link->call(state_command(1), first.done());
    supervisor.link->call(state_command(2), second.done());
    const ipc::Command one = supervisor.next();
    const ipc::Command two = supervisor.next();
    supervisor.answer(two, page(22, {}, false));
    supervisor.answer(one, page(11, {}, false));
    BOOST_TEST(first.get()->header.revision == 11U);
    BOOST_TEST(second.get()->header.revision == 22U);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_not_answered_is_given_up_and_its_late_reply_ignored) {
    Supervisor supervisor(SupervisorLink::Patience{});
    Answer late;
    supervisor.link->call(state_command(1), late.done());
    const ipc::Command command = supervisor.next();
    BOOST_TEST(!late.get());  // after 500 ms, not before it was asked
    supervisor.answer(command, page(1, {}, false));
    // Ours may be late as well, where this thread was kept from running.
    std::uint64_t turn = 1;
    BOOST_TEST(becomes_true(seconds(1), [&] {
        Answer after;
        supervisor.link->call(state_command(2), after.done());
        supervisor.answer(supervisor.next(), page(++turn, {}, false));
        const auto reply = after.get();
        return reply && reply->header.revision == turn;
    }));
}

BOOST_AUTO_TEST_CASE(a_supervisor_that_answers_nobody_gets_few_requests_and_blocks_no_one) {
    Supervisor supervisor(SupervisorLink::Patience{});
    std::vector<std::unique_ptr<Answer>> answers;
    for (std::uint32_t i = 0; i < 300; ++i) {
        answers.push_back(std::make_unique<Answer>());
        ipc::Command command;
        command.body = ipc::ChangeBody{};
        supervisor.link->call(std::move(command), answers.back()->done());
    }
    for (const auto& answer : answers)
        BOOST_TEST(!answer->get());
    std::size_t arrived = 0;
    for (;;) {
        auto event = supervisor.server->next();
        if (!std::holds_alternative<ipc::Command>(event)) break;
        ++arrived;
    }
    BOOST_TEST(arrived <= SupervisorLink::kInFlight);
}

BOOST_AUTO_TEST_CASE(a_reply_that_makes_no_sense_is_as_good_as_none) {
    Supervisor supervisor;
    Answer answer;
    supervisor.link->call(state_command(1), answer.done());
    ipc::Reply wrong;  // a STATE reply without its page
    supervisor.answer(supervisor.next(), wrong);
    BOOST_TEST(!answer.get());
}

BOOST_AUTO_TEST_CASE(when_the_supervisor_goes_everybody_is_told) {
    Supervisor supervisor;
    Answer answer;
    auto gone = supervisor.gone.get_future();
    supervisor.link->call(state_command(1), answer.done());
    (void)supervisor.next();
    supervisor.server.reset();
    BOOST_TEST(!answer.get());
    BOOST_REQUIRE((gone.wait_for(soon(seconds(1))) == std::future_status::ready));
    Answer after;
    supervisor.link->call(state_command(2), after.done());
    BOOST_TEST(!after.get());
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_on_its_way_at_the_end_still_arrives) {
    Supervisor supervisor;
    Answer answer;
    supervisor.link->call(state_command(1), answer.done());
    const ipc::Command command = supervisor.next();
    auto stopped = std::async(std::launch::async, [&] { supervisor.link->stop(); });
    supervisor.answer(command, page(7, {}, false));
    BOOST_TEST(answer.get()->header.revision == 7U);
    stopped.get();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(directive_book)

BOOST_AUTO_TEST_CASE(begins_again_when_the_revision_moves_between_pages) {
    Supervisor supervisor;
    scoreboard::Header header{};
    auto segment = scoreboard::Segment::create(header);
    BOOST_REQUIRE(segment);
    DirectiveBook book(*supervisor.link, segment->view());
    std::promise<Outcome<StatesPtr>> promise;
    book.states([&](Outcome<StatesPtr> states) { promise.set_value(std::move(states)); });

    supervisor.answer(supervisor.next(), page(1, {"MinSpareThreads"}, true));
    supervisor.answer(supervisor.next(), page(2, {"MaxSpareThreads"}, false));  // another revision
    const ipc::Command again = supervisor.next();
    BOOST_TEST(std::get<ipc::StateRequest>(again.body).first == 0U);
    supervisor.answer(again, page(2, {"MinSpareThreads", "MaxSpareThreads"}, false));

    const auto states = promise.get_future().get();
    BOOST_REQUIRE(states);
    BOOST_TEST((*states)->revision == 2U);
    BOOST_TEST((*states)->states.size() == 2U);
    BOOST_TEST(book.known() == *states);
}

BOOST_AUTO_TEST_CASE(is_not_fooled_by_pages_without_end) {
    Supervisor supervisor;
    scoreboard::Header header{};
    auto segment = scoreboard::Segment::create(header);
    BOOST_REQUIRE(segment);
    DirectiveBook book(*supervisor.link, segment->view());
    std::promise<Outcome<StatesPtr>> promise;
    auto future = promise.get_future();
    book.states([&](Outcome<StatesPtr> states) { promise.set_value(std::move(states)); });
    while (future.wait_for(seconds(0)) != std::future_status::ready) {
        auto event = supervisor.server->next();
        if (const auto* command = std::get_if<ipc::Command>(&event))
            supervisor.answer(*command,
                              command->header.verb == ipc::Verb::Ping
                                  ? ipc::Reply{}
                                  : page(1, {"a", "b", "c", "d", "e", "f", "g", "h"}, true));
    }
    BOOST_TEST(!future.get());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(store_writer)

BOOST_AUTO_TEST_CASE(rows_wait_until_the_database_is_there_and_are_announced_at_once) {
    StoreSite site;
    site.path = site.dir / "later/control.db";
    StoreWriter writer(site.parts());
    writer.start();
    BOOST_TEST(writer.audit(entry("one")));
    BOOST_TEST(becomes_true(seconds(1), [&] { return site.announcements() == 1; }));
    BOOST_TEST(writer.ask([](store::Database&) {}).error().reason == "STORE_OPENING");

    BOOST_REQUIRE(::mkdir((site.dir / "later").c_str(), 0700) == 0);

    BOOST_TEST(
        becomes_true(seconds(1), [&] { return writer.ask([](store::Database&) {}).has_value(); }));
    BOOST_TEST(writer.audit(entry("two")));
    writer.stop();
    const auto rows = site.rows();
    BOOST_REQUIRE(rows.size() == 2U);
    BOOST_TEST(rows[0].method == "one");
    BOOST_TEST(rows[1].number == 2U);
    BOOST_TEST(site.announcements() == 2U);
    BOOST_TEST(site.said.size() == 1U);  // said once, not at each try
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_fit_are_counted_and_their_numbers_stay_unused) {
    StoreSite site;
    site.path = site.dir / "later/control.db";
    StoreWriter writer(site.parts(2));
    writer.start();
    BOOST_TEST(writer.audit(entry("1")));
    BOOST_TEST(writer.audit(entry("2")));
    BOOST_TEST(!writer.audit(entry("lost")));
    BOOST_TEST(!writer.audit(entry("lost")));
    BOOST_TEST(writer.lost() == 2U);
    BOOST_REQUIRE(::mkdir((site.dir / "later").c_str(), 0700) == 0);
    BOOST_TEST(becomes_true(seconds(1), [&] { return writer.audit(entry("5")); }));
    writer.stop();
    const auto rows = site.rows();
    BOOST_REQUIRE(rows.size() == 3U);
    BOOST_TEST(rows[2].method == "5");
    BOOST_TEST(rows[2].number >= 5U);
    BOOST_TEST(rows[2].number == rows.size() + writer.lost());
}

BOOST_AUTO_TEST_CASE(what_waits_is_written_before_it_stops) {
    StoreSite site;
    {
        StoreWriter writer(site.parts());
        writer.start();
        for (int i = 0; i < 50; ++i)
            BOOST_TEST(writer.audit(entry(std::to_string(i))));
    }
    BOOST_TEST(site.rows().size() == 50U);
}

BOOST_AUTO_TEST_CASE(a_line_for_the_system_log_says_who_did_what_and_why) {
    store::AuditEntry row = entry("/mpm.control.v1.DirectiveService/UpdateDirectives");
    row.user = "alice";
    row.uid = 1000;
    row.pid = 77;
    row.command = "mpmctl";
    row.login = "alice";
    row.tty = "pts/3";
    row.role = "operator";
    row.resource = "MinSpareThreads";
    row.revision_before = 41;
    row.revision_after = 42;
    row.reason = "launch\nday";
    BOOST_TEST(audit_line(row) ==
               "allowed /mpm.control.v1.DirectiveService/UpdateDirectives by alice (uid 1000, pid "
               "77, mpmctl, login alice, pts/3, role operator) on MinSpareThreads, revision 41 -> "
               "42, reason: launch\\x0aday");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(operation_book)

BOOST_AUTO_TEST_CASE(closes_what_an_ended_server_left_running_and_says_how_far_it_came) {
    OperationSite site;
    site.put({.number = 3, .state = "running", .done = 1, .total = 3});
    site.put({.number = 4, .state = "running", .done = 1, .total = 1});
    site.put({.number = 5, .state = "succeeded", .done = 1, .total = 1});
    const std::uint64_t before = site.kept(3).update;
    {
        StoreWriter writer(site.store.parts());
        OperationBook book(site.sampler, writer, site.names);
        book.begin();
        writer.start();
        const auto shown = site.get(book, "op-3");
        BOOST_TEST(shown.state() == v1::OPERATION_STATE_FAILED);
        BOOST_TEST(shown.result() == "1/3 replaced; the server ended before the others were");
        BOOST_TEST(shown.has_end_time());
        BOOST_TEST(shown.steps(0).state() == "done");    // was draining: its child leaves by itself
        BOOST_TEST(shown.steps(1).state() == "failed");  // was waiting
        BOOST_TEST(site.get(book, "op-4").result() ==
                   "1/1 replaced; the server ended while the old children were still draining");
        BOOST_TEST(site.get(book, "op-5").state() == v1::OPERATION_STATE_SUCCEEDED);
    }
    BOOST_TEST(site.kept(3).update > before);
    BOOST_TEST(site.kept(3).draining == 0U);
}

BOOST_AUTO_TEST_CASE(leaves_the_running_one_of_this_server_alone_while_the_server_lives) {
    OperationSite site;
    site.put({.number = 7, .state = "running", .done = 0, .total = 1});
    site.show(7, 1);
    {
        StoreWriter writer(site.store.parts());
        OperationBook book(site.sampler, writer, site.names);
        book.begin();
        writer.start();
        book.end(false);  // control is replaced
    }
    BOOST_TEST(site.kept(7).state == "running");
    {
        StoreWriter writer(site.store.parts());
        OperationBook book(site.sampler, writer, site.names);
        book.begin();
        writer.start();
        book.end(true);  // the supervisor was killed
    }
    BOOST_TEST(site.kept(7).state == "failed");
}

BOOST_AUTO_TEST_CASE(writes_the_last_picture_when_it_ends) {
    OperationSite site;
    StoreWriter writer(site.store.parts());
    OperationBook book(site.sampler, writer, site.names);
    book.begin();
    writer.start();
    site.show(8, 1);
    book.catch_up();
    site.show(8, 2, scoreboard::OperationState::Succeeded);
    book.end(true);
    writer.stop();
    BOOST_TEST(site.kept(8).state == "succeeded");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::control

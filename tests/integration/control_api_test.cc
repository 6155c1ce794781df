// mpmd-control as the world meets it: over its real socket, with the real supervisor behind it.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "proto/client.h"
#include "store/audit.h"
#include "store/operations.h"
#include "tests/support/http_client.h"
#include "tests/support/processes.h"
#include "tests/support/program.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

namespace v1 = ::mpm::control::v1;
using api::ControlClient;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Document = nlohmann::json;

constexpr uid_t kOperator = 61001;
constexpr uid_t kViewer = 61002;
constexpr uid_t kStranger = 61003;
constexpr uid_t kWebUser = 33;  // www-data, the children's

const std::string kRoles =
    "ControlRole operator uid:61001\nControlRole viewer uid:61002\n"
    "ControlRole admin uid:33\n";
const std::string kSmall =
    "StartServers 2\nThreadsPerChild 4\nServerLimit 4\nMaxRequestWorkers 16\n"
    "MinSpareThreads 4\nMaxSpareThreads 16\n";

// A server whose control answers.
class Controlled : public ServerProcess {
public:
    explicit Controlled(const std::string& lines) : ServerProcess(ServerOptions{lines, false}) {
        ControlClient client("unix:" + socket());
        BOOST_REQUIRE(becomes_true(seconds(3), [&] { return client.get_server().has_value(); }));
    }
};

// python3-grpcio in a process of its own, as anybody.
class Foreign {
public:
    explicit Foreign(const ServerProcess& server) : socket_(server.socket()) {
        const char* script = std::getenv("MPMD_FOREIGN_CLIENT");
        const char* protos = std::getenv("MPMD_PROTOSET");
        BOOST_REQUIRE(script != nullptr);
        BOOST_REQUIRE(protos != nullptr);
        // Where every user can read them, wherever the tree is.
        script_ = server.dir() / "foreign_client.py";
        protos_ = server.dir() / "control.protoset";
        std::filesystem::copy_file(script, script_);
        std::filesystem::copy_file(protos, protos_);
        ::chmod(script_.c_str(), 0644);
        ::chmod(protos_.c_str(), 0644);
        Program probe({"/usr/bin/python3", "-c", "import grpc"});
        if (probe.wait().exit_status != 0) skip("python3-grpcio is not installed");
    }

    [[nodiscard]] std::vector<Document> lines(std::vector<std::string> words,
                                              std::optional<uid_t> uid = {}) const {
        std::vector<std::string> all = {"/usr/bin/python3", script_, protos_, socket_};
        all.insert(all.end(), words.begin(), words.end());
        ProgramOptions options;
        options.uid = uid;
        const Ended ended = Program(all, options).wait();
        std::vector<Document> out;
        std::istringstream text(ended.out);
        for (std::string line; std::getline(text, line);)
            out.push_back(Document::parse(line));
        BOOST_REQUIRE_MESSAGE(!out.empty(), ended.err);
        return out;
    }
    // Runs beside the test, as ourselves.
    [[nodiscard]] std::unique_ptr<Program> start(const std::vector<std::string>& words) const {
        std::vector<std::string> all = {"/usr/bin/python3", script_, protos_, socket_};
        all.insert(all.end(), words.begin(), words.end());
        return std::make_unique<Program>(all);
    }
    // The first document of a call.
    [[nodiscard]] Document call(const std::string& method,
                                const std::string& request = "{}",
                                std::optional<uid_t> uid = {}) const {
        return lines({method, request}, uid).front();
    }
    // "" when the call was answered, else the canonical code.
    [[nodiscard]] std::string code(const std::string& method,
                                   const std::string& request,
                                   std::optional<uid_t> uid) const {
        const Document answer = call(method, request, uid);
        return answer.contains("error") ? answer["error"]["code"].get<std::string>() : "";
    }

private:
    std::string socket_;
    std::string script_;
    std::string protos_;
};

ControlClient client_of(const ServerProcess& server) {
    return ControlClient("unix:" + server.socket());
}

v1::UpdateDirectivesRequest change(const std::string& name, const std::string& value) {
    v1::UpdateDirectivesRequest request;
    auto* one = request.add_changes();
    one->set_name(name);
    one->set_value(value);
    return request;
}

std::string value_of(ControlClient& client, const std::string& name) {
    v1::GetDirectiveRequest request;
    request.set_name(name);
    const auto directive = client.get_directive(request);
    return directive ? directive->value() : "?" + directive.error().message;
}

std::string store_of(const ServerProcess& server) {
    return server.dir() / "state/control/control.db";
}

// The database when control has gone, as its owner left it.
store::Database open_store(const ServerProcess& server) {
    auto opened = store::Database::open(store_of(server));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    return std::move(opened->database);
}

void require_root() {
    if (::getuid() != 0) skip("needs root to be several users");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(control)

BOOST_AUTO_TEST_CASE(four_users_may_do_what_their_roles_say) {
    require_root();
    const Controlled server(kSmall + kRoles);
    const Foreign foreign(server);
    const std::string tune = R"({"changes": [{"name": "KeepAliveTimeout", "value": "9"}]})";

    BOOST_TEST(foreign.call("GetServer", "{}", kViewer)["you"]["role"] == "ROLE_VIEWER");
    BOOST_TEST(foreign.code("ListConnections", "{}", kViewer) == "");
    BOOST_TEST(foreign.code("UpdateDirectives", tune, kViewer) == "PERMISSION_DENIED");
    BOOST_TEST(foreign.code("RestartChildren", R"({"all": true})", kViewer) == "PERMISSION_DENIED");

    BOOST_TEST(foreign.call("GetServer", "{}", kOperator)["you"]["role"] == "ROLE_OPERATOR");
    BOOST_TEST(foreign.code("UpdateDirectives", tune, kOperator) == "");
    BOOST_TEST(foreign.code("ReloadConfig", "{}", kOperator) == "PERMISSION_DENIED");

    BOOST_TEST(foreign.call("GetServer", "{}", {})["you"]["role"] == "ROLE_ADMIN");
    BOOST_TEST(foreign.code("ReloadConfig", R"({"validate_only": true})", {}) == "");

    // No role: closed before a byte is read. The children's user: whatever the map says.
    BOOST_TEST(foreign.code("GetServer", "{}", kStranger) == "UNAVAILABLE");
    BOOST_TEST(foreign.code("GetServer", "{}", kWebUser) == "UNAVAILABLE");
    BOOST_TEST(becomes_true(
        seconds(1), [&] { return server.error_log().find("uid 61003") != std::string::npos; }));
}

BOOST_AUTO_TEST_CASE(permission_comes_before_validation) {
    require_root();
    const Controlled server(kSmall + kRoles);
    const Foreign foreign(server);
    const Document denied = foreign.call("UpdateDirectives", "{}", kViewer)["error"];
    BOOST_TEST(denied["code"] == "PERMISSION_DENIED");
    BOOST_TEST(denied["reason"] == "ROLE_REQUIRED");
    BOOST_TEST(denied["message"].get<std::string>().find("needs role operator") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_role_that_a_reload_gives_or_takes_holds_for_open_connections) {
    require_root();
    Controlled server(kSmall + "ControlRole viewer uid:61002\n");
    const Foreign foreign(server);
    BOOST_TEST(foreign.call("GetServer", "{}", kViewer)["you"]["role"] == "ROLE_VIEWER");

    server.write_config(kSmall + "ControlRole operator uid:61002\n");
    ControlClient client = client_of(server);
    const auto reloaded = client.reload_config({});
    BOOST_REQUIRE_MESSAGE(reloaded, (reloaded ? "" : reloaded.error().message));

    BOOST_TEST(becomes_true(seconds(2), [&] {
        return foreign.call("GetServer", "{}", kViewer)["you"]["role"] == "ROLE_OPERATOR";
    }));
}

BOOST_AUTO_TEST_CASE(a_client_of_another_make_calls_every_method) {
    const Controlled server(kSmall);
    const Foreign foreign(server);
    for (const Document& answer : foreign.lines({"--every"})) {
        BOOST_TEST(!answer.contains("error"), answer.dump());
        BOOST_TEST(answer.value("answers", 0) >= 1, answer.dump());
    }
    for (const Document& answer : foreign.lines({"--health"}))
        BOOST_TEST(answer.value("serving", false), answer.dump());
    for (const Document& answer : foreign.lines({"--reflect"}))
        BOOST_TEST(answer.value("listed", false), answer.dump());
}

BOOST_AUTO_TEST_CASE(reflection_is_there_by_directive_only) {
    const Controlled server(kSmall + "ControlReflection Off\n");
    const Foreign foreign(server);
    BOOST_TEST(foreign.lines({"--reflect"}).front()["error"]["code"] == "UNIMPLEMENTED");
    BOOST_TEST(foreign.code("GetServer", "{}", {}) == "");
}

BOOST_AUTO_TEST_CASE(a_change_holds_is_seen_and_is_written_down) {
    Controlled server(kSmall);
    {
        ControlClient client = client_of(server);
        auto request = change("minsparethreads", "6");
        request.set_reason("launch day");
        const auto revision = client.get_server()->revision();

        const auto done = client.update_directives(request);

        BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
        BOOST_TEST(done->revision() == revision + 1);
        BOOST_TEST(done->effects(0).name() == "MinSpareThreads");
        BOOST_TEST(done->effects(0).old_value() == "4");
        BOOST_TEST(done->effects(0).new_value() == "6");
        BOOST_TEST(value_of(client, "MinSpareThreads") == "6");

        request.set_etag(std::to_string(revision));
        const auto late = client.update_directives(request);
        BOOST_REQUIRE(!late);
        BOOST_TEST(late.error().reason == "REVISION_CHANGED");
        BOOST_TEST(late.error().metadata.at("revision") == std::to_string(revision + 1));
    }
    BOOST_TEST(server.stop() == 0);

    store::Database database = open_store(server);
    const auto rows = store::Audit(database).list(0, 10);
    BOOST_REQUIRE(rows->size() == 2U);
    BOOST_TEST(rows->at(0).uid == ::getuid());
    BOOST_TEST(rows->at(0).resource == "minsparethreads");
    BOOST_TEST(rows->at(0).reason == "launch day");
    BOOST_TEST(rows->at(0).revision_after == rows->at(0).revision_before + 1);
    BOOST_TEST(rows->at(1).code == 10);
    BOOST_TEST(store::Audit(database).verify()->first_broken == 0U);
}

BOOST_AUTO_TEST_CASE(values_that_are_wrong_are_refused_with_what_would_be_right) {
    const Controlled server(kSmall);
    ControlClient client = client_of(server);
    const auto refused = [&](const std::string& name, const std::string& value) {
        const auto reply = client.update_directives(change(name, value));
        return reply ? api::CallError{} : reply.error();
    };
    BOOST_TEST(refused("MaxRequestWorkers", "13").reason == "LIMITS_CONFLICT");
    BOOST_TEST(refused("MaxRequestWorkers", "13").metadata.at("nearest").find("12") == 0U);
    BOOST_TEST(refused("MinSpareThreads", "many").reason == "VALUE_OUT_OF_RANGE");
    BOOST_TEST(refused("MinSpareThread", "5").reason == "UNKNOWN_DIRECTIVE");
    BOOST_TEST(refused("MinSpareThread", "5").metadata.at("suggestion") == "MinSpareThreads");
    BOOST_TEST(refused("User", "root").reason == "NOT_OVERRIDABLE");
    BOOST_TEST(refused("ThreadLimit", "32").reason == "NEEDS_RESTART");
    BOOST_TEST(refused("KeepAliveTimeout", std::string(300, '5')).reason == "TOO_LONG");
    BOOST_TEST(client.update_directives({}).error().reason == "BAD_REQUEST");
    BOOST_TEST(client.get_server()->revision() == 1U);

    // Together they hold, in any order.
    auto both = change("MinSpareThreads", "12");
    *both.add_changes() = change("MaxSpareThreads", "17").changes(0);
    both.set_validate_only(true);
    const auto checked = client.update_directives(both);
    BOOST_TEST((checked || checked.error().reason == "LIMITS_CONFLICT"));
    BOOST_TEST(value_of(client, "MinSpareThreads") == "4");
}

BOOST_AUTO_TEST_CASE(a_retry_with_the_same_request_id_is_the_same_operation) {
    const Controlled server(kSmall);
    ControlClient client = client_of(server);
    v1::RestartChildrenRequest request;
    request.set_all(true);
    request.set_request_id(api::new_request_id());
    const auto first = client.restart_children(request);
    BOOST_REQUIRE_MESSAGE(first, (first ? "" : first.error().message));
    v1::WaitOperationRequest wait;
    wait.set_name(first->name());
    BOOST_TEST(client.wait_operation(wait, seconds(25))->state() == v1::OPERATION_STATE_SUCCEEDED);

    const auto again = client.restart_children(request);

    BOOST_REQUIRE(again);
    BOOST_TEST(again->name() == first->name());
    BOOST_TEST(client.list_operations({})->operations_size() == 1);
    request.set_reason("something else");
    BOOST_TEST(client.restart_children(request).error().reason == "REQUEST_ID_REUSED");
}

BOOST_AUTO_TEST_CASE(an_operation_is_watched_to_its_end_and_found_afterwards) {
    const Controlled server(kSmall);
    ControlClient client = client_of(server);
    v1::RestartChildrenRequest request;
    request.set_all(true);
    const auto started = client.restart_children(request);
    BOOST_REQUIRE(started);

    v1::WatchOperationRequest watch;
    watch.set_name(started->name());
    std::uint64_t last = 0;
    v1::Operation seen;
    const auto ended = client.watch_operation(watch, [&](v1::Operation&& operation) {
        BOOST_TEST((operation.update() > last || last == 0));
        last = operation.update();
        seen = std::move(operation);
        return true;
    });

    BOOST_TEST(ended.code == 0);
    BOOST_TEST(seen.state() == v1::OPERATION_STATE_SUCCEEDED);
    BOOST_TEST(seen.done() == 2U);
    BOOST_TEST(seen.steps_size() == 2);
    v1::GetOperationRequest get;
    get.set_name(started->name());
    BOOST_TEST(client.get_operation(get)->state() == v1::OPERATION_STATE_SUCCEEDED);
    get.set_name("op-999");
    BOOST_TEST(client.get_operation(get).error().reason == "GONE");
}

BOOST_AUTO_TEST_CASE(when_it_is_killed_traffic_goes_on_and_the_next_call_is_answered) {
    Controlled server(kSmall);
    {
        ControlClient client = client_of(server);
        BOOST_REQUIRE(client.update_directives(change("KeepAliveTimeout", "600")));
        const pid_t first = server.control();
        BOOST_REQUIRE(first > 0);
        HttpClient connection(server.port());
        BOOST_TEST(connection.get("/index.html").whole);

        ::kill(first, SIGKILL);

        BOOST_TEST(connection.get("/index.html").whole);  // the same connection
        BOOST_TEST(becomes_true(seconds(1), [&] {
            return server.control() > 0 && server.control() != first && client.get_server();
        }));
        BOOST_REQUIRE(client.update_directives(change("KeepAliveTimeout", "9")));
        BOOST_TEST(value_of(client, "KeepAliveTimeout") == "9");
    }
    BOOST_TEST(server.stop() == 0);
    store::Database database = open_store(server);
    const auto verdict = store::Audit(database).verify();
    BOOST_TEST(verdict->first_broken == 0U);
    BOOST_TEST(verdict->rows >= 1U);
}

BOOST_AUTO_TEST_CASE(operations_that_nobody_watched_are_written_down) {
    Controlled server(kSmall);
    {
        ControlClient client = client_of(server);
        v1::RestartChildrenRequest request;
        request.set_all(true);
        const auto started = client.restart_children(request);
        BOOST_REQUIRE(started);
        ::kill(server.control(), SIGKILL);  // it ends while control is away
        v1::WaitOperationRequest wait;
        wait.set_name(started->name());
        BOOST_TEST(becomes_true(seconds(2), [&] {
            const auto waited = client.wait_operation(wait, seconds(25));
            return waited && waited->state() == v1::OPERATION_STATE_SUCCEEDED;
        }));
        BOOST_TEST(becomes_true(seconds(3), [&] {  // the keeper looks once a second
            auto opened = store::Database::open(store_of(server));
            if (!opened) return false;
            const auto kept = store::Operations(opened->database).list(0, 10);
            return kept && kept->size() == 1 && kept->front().state == "succeeded";
        }));
    }
    BOOST_TEST(server.stop() == 0);
    store::Database database = open_store(server);
    const auto kept = store::Operations(database).list(0, 10);
    BOOST_REQUIRE(kept->size() == 1U);
    BOOST_TEST(kept->front().state == "succeeded");
}

BOOST_AUTO_TEST_CASE(who_waits_for_an_operation_is_told_when_control_ends) {
    const Controlled server(kSmall + "TestHandlers On\n");
    HttpClient busy(server.port());
    BOOST_REQUIRE(busy.send(get_request("/mpmd-test/sleep?3600")));
    ControlClient client = client_of(server);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const auto status = client.get_server();
        return status && status->workers().busy() == 1;
    }));
    v1::RestartChildrenRequest request;
    request.set_all(true);
    const auto started = client.restart_children(request);
    BOOST_REQUIRE(started);
    const pid_t first = server.control();
    std::atomic<bool> watches = false;
    auto waiting = std::async(std::launch::async, [&, name = started->name()] {
        ControlClient other = client_of(server);
        v1::WatchOperationRequest watch;
        watch.set_name(name);
        return other.watch_operation(watch, [&watches](v1::Operation&&) { return watches = true; });
    });
    const Foreign foreign(server);
    const auto told = server.dir() / "told";
    const auto asks = foreign.start({"--wait", started->name(), told});
    // An interpreter of its own may take a while to begin.
    BOOST_REQUIRE(
        becomes_true(seconds(6), [&] { return watches && std::filesystem::exists(told); }));

    ::kill(first, SIGTERM);

    BOOST_TEST(becomes_true(seconds(1), [first] { return has_gone(first); }));
    BOOST_TEST(waiting.get().code == 14);  // UNAVAILABLE
    BOOST_TEST(Document::parse(asks->wait().out)["error"]["code"] == "UNAVAILABLE");
}

BOOST_AUTO_TEST_CASE(while_the_supervisor_does_not_answer_reads_go_on) {
    const Controlled server(kSmall);
    ControlClient client = client_of(server);
    BOOST_REQUIRE(client.get_server());
    server.signal(SIGSTOP);

    BOOST_TEST(client.get_server().has_value());
    BOOST_TEST(client.list_children({})->children_size() == 2);
    const auto refused = client.update_directives(change("KeepAliveTimeout", "8"));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().reason == "PARENT_UNREACHABLE");

    // What may be repeated is, until the caller's time is over.
    auto patient = std::async(std::launch::async, [&server] {
        auto request = change("KeepAliveTimeout", "9");
        request.set_request_id(api::new_request_id());
        ControlClient other("unix:" + server.socket(), seconds(120));
        return other.update_directives(request).has_value();
    });
    BOOST_TEST((patient.wait_for(seconds(1)) == std::future_status::timeout));
    server.signal(SIGCONT);
    BOOST_TEST(patient.get());
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return client.update_directives(change("KeepAliveTimeout", "8")).has_value();
    }));
    BOOST_TEST(value_of(client, "KeepAliveTimeout") == "8");
}

BOOST_AUTO_TEST_CASE(ends_when_the_supervisor_is_gone) {
    Controlled server(kSmall);
    const pid_t control = server.control();
    BOOST_REQUIRE(control > 0);
    server.kill_supervisor();
    BOOST_TEST(becomes_true(seconds(1), [control] { return has_gone(control); }));
}

BOOST_AUTO_TEST_CASE(a_stream_shows_what_a_single_look_shows) {
    const Controlled server(kSmall + "KeepAliveTimeout 600\n");
    ControlClient client = client_of(server);
    v1::WatchScoreboardRequest request;
    request.mutable_interval()->set_nanos(100'000'000);
    request.set_level(v1::FRAME_LEVEL_ROWS);
    HttpClient parked(server.port());
    BOOST_REQUIRE(parked.get("/index.html").whole);
    const auto shows_it_parked = [](const v1::ScoreboardFrame& seen) {
        return seen.children_size() == 2 && seen.connections_size() == 1 &&
               seen.connections(0).state() == "keep_alive";
    };

    std::uint64_t last = 0;
    int frames = 0;
    v1::ScoreboardFrame frame;
    const auto ended = client.watch_scoreboard(request, [&](v1::ScoreboardFrame&& next) {
        BOOST_TEST(next.number() > last);
        last = next.number();
        frame = std::move(next);
        return ++frames < 5 || (!shows_it_parked(frame) && frames < 100);
    });

    BOOST_TEST(ended.code == 0);
    BOOST_TEST(frame.kind() == v1::FRAME_KIND_KEY);
    BOOST_TEST(frame.children_size() == 2);
    BOOST_TEST(frame.children(0).workers_size() == 4);
    BOOST_TEST(frame.server().you().role() == v1::ROLE_ADMIN);
    BOOST_TEST(frame.granted_interval().nanos() == 100'000'000);
    BOOST_REQUIRE(frame.connections_size() == 1);
    BOOST_TEST(frame.connections(0).state() == "keep_alive");
    BOOST_TEST(!frame.connections(0).has_thread());
    const auto listed = client.list_connections({});
    BOOST_TEST(listed->connections(0).id() == frame.connections(0).id());
    BOOST_TEST(listed->connections(0).peer() == frame.connections(0).peer());
}

BOOST_AUTO_TEST_CASE(a_watcher_that_does_not_read_delays_nobody_and_misses_frames) {
    const Controlled server(
        "StartServers 4\nThreadsPerChild 64\nServerLimit 4\nMaxRequestWorkers 256\n"
        "MinSpareThreads 64\nMaxSpareThreads 256\n");
    v1::WatchScoreboardRequest request;
    request.mutable_interval()->set_nanos(100'000'000);
    request.set_level(v1::FRAME_LEVEL_ROWS);
    const Foreign foreign(server);
    const std::string wake = server.dir() / "wake";
    const std::string begun = server.dir() / "begun";
    const auto lazy = foreign.start({"--lazy", wake, begun});
    BOOST_REQUIRE(becomes_true(seconds(6), [&] { return std::filesystem::exists(begun); }));

    ControlClient client = client_of(server);
    int frames = 0;
    (void)client.watch_scoreboard(request, [&](v1::ScoreboardFrame&& frame) {
        BOOST_TEST(frame.coalesced() <= soon(seconds(1)) / milliseconds(100));
        return ++frames < 60;
    });
    BOOST_TEST(frames == 60);

    std::ofstream(wake) << "now";
    const Ended ended = lazy->wait();
    BOOST_TEST(Document::parse(ended.out).at("coalesced").get<int>() > 0, ended.out);
}

BOOST_AUTO_TEST_CASE(streams_are_limited_by_directive) {
    const Controlled server(kSmall + "ControlMaxWatchers 4\n");
    ControlClient first = client_of(server);
    ControlClient second = client_of(server);
    v1::WatchScoreboardRequest request;
    api::CallError refused;
    (void)first.watch_scoreboard(request, [&](v1::ScoreboardFrame&&) {
        refused = second.watch_scoreboard(request, [](v1::ScoreboardFrame&&) { return false; });
        return false;
    });
    BOOST_TEST(refused.reason == "WATCHER_LIMIT");
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return second.watch_scoreboard(request, [](v1::ScoreboardFrame&&) { return false; }).code ==
               0;
    }));
}

BOOST_AUTO_TEST_CASE(started_by_hand_it_says_who_starts_it) {
    const std::string path =
        std::filesystem::path(program_path("MPMD", "mpmd")).replace_filename("mpmd-control");
    const Ended by_hand = Program({path}).wait();
    BOOST_TEST(by_hand.exit_status == 2);
    BOOST_TEST(by_hand.err.find("mpmd starts this program itself") != std::string::npos);
    BOOST_TEST(Program({path, "--version"}).wait().out.find("mpmd-control ") == 0U);
    BOOST_TEST(Program({path, "--help"}).wait().exit_status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test

// The feed against a small server on a real unix socket: frames, changes of the query, refusals,
// losses, calls.

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <grpcpp/grpcpp.h>

#include "mpm/control/v1/directive.grpc.pb.h"
#include "mpm/control/v1/process.grpc.pb.h"
#include "mpm/control/v1/scoreboard.grpc.pb.h"
#include "tui/feed/rpc_feed.h"

using namespace mpmd::tui;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kSoon{10'000};

class Board : public v1::ScoreboardService::Service {
public:
    grpc::Status WatchScoreboard(grpc::ServerContext* context,
                                 const v1::WatchScoreboardRequest* request,
                                 grpc::ServerWriter<v1::ScoreboardFrame>* writer) override {
        ++streams;
        if (request->connections().filter() == "bad")
            return {grpc::StatusCode::INVALID_ARGUMENT, "at 1: there is no field \"bad\""};
        const auto interval = milliseconds(request->interval().seconds() * 1000 +
                                           request->interval().nanos() / 1'000'000);
        auto next = std::chrono::steady_clock::now();
        while (!context->IsCancelled()) {
            if (std::chrono::steady_clock::now() >= next) {
                v1::ScoreboardFrame frame;
                frame.set_number(++frames);
                frame.set_connections_matched(request->connections().offset());
                if (!writer->Write(frame)) break;
                next += interval;
            }
            std::this_thread::sleep_for(milliseconds(5));
        }
        return grpc::Status::OK;
    }
    std::atomic<int> streams{0};
    std::atomic<std::uint64_t> frames{0};
};

class Directives : public v1::DirectiveService::Service {
public:
    grpc::Status ListDirectives(grpc::ServerContext*,
                                const v1::ListDirectivesRequest*,
                                v1::ListDirectivesResponse* response) override {
        response->set_etag("rev-1");
        return grpc::Status::OK;
    }
    grpc::Status UpdateDirectives(grpc::ServerContext* context,
                                  const v1::UpdateDirectivesRequest* request,
                                  v1::UpdateDirectivesResponse* response) override {
        while (request->changes(0).value() == "hang" && !context->IsCancelled())
            hanging = true;
        if (request->changes(0).value() == "0")
            return {grpc::StatusCode::INVALID_ARGUMENT, "0 is too small"};
        response->set_prediction(request->request_id());
        response->set_validated_only(request->validate_only());
        return grpc::Status::OK;
    }
    std::atomic<bool> hanging{false};
};

class Processes : public v1::ProcessService::Service {
    grpc::Status RestartChildren(grpc::ServerContext*,
                                 const v1::RestartChildrenRequest* request,
                                 v1::Operation* operation) override {
        operation->set_name(request->all() ? "op-all" : "op-some");
        operation->set_reason(request->request_id());
        return grpc::Status::OK;
    }
};

struct Daemon {
    explicit Daemon(const std::string& address) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort(address, grpc::InsecureServerCredentials());
        builder.RegisterService(&board);
        builder.RegisterService(&directives);
        builder.RegisterService(&processes);
        server = builder.BuildAndStart();
    }
    ~Daemon() { server->Shutdown(std::chrono::system_clock::now()); }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    Board board;
    Directives directives;
    Processes processes;
    std::unique_ptr<grpc::Server> server;
};

struct Place {
    Place() {
        std::string name = (std::filesystem::temp_directory_path() / "tui-feed-XXXXXX").string();
        BOOST_TEST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        directory = name;
        address = "unix:" + name + "/control.sock";
    }
    ~Place() { std::filesystem::remove_all(directory); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    std::string directory;
    std::string address;
};

// The first event that `wanted` accepts; the others are dropped.
template <class Kind>
Kind await(
    Feed& feed, const std::function<bool(const Kind&)>& wanted = [](const Kind&) { return true; }) {
    const auto end = std::chrono::steady_clock::now() + kSoon;
    while (std::chrono::steady_clock::now() < end) {
        pollfd waiting{feed.wake_fd(), POLLIN, 0};
        (void)::poll(&waiting, 1, 100);
        for (const Event& event : feed.take()) {
            const auto* found = std::get_if<Kind>(&event);
            if (found != nullptr && wanted(*found)) return *found;
        }
    }
    BOOST_FAIL("the event did not come");
    std::abort();
}

Watch watch(milliseconds interval, std::uint32_t offset = 0, const std::string& filter = {}) {
    WatchSpec spec;
    spec.interval = interval;
    spec.offset = offset;
    spec.filter = filter;
    return Watch{spec, false};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rpc_feed)

BOOST_AUTO_TEST_CASE(frames_arrive_with_the_query_that_they_answer) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(20), 7));
    const auto first = await<FrameArrived>(feed);
    BOOST_TEST(first.frame->connections_matched() == 7U);
    BOOST_TEST(first.spec.offset == 7U);
    const auto later = await<FrameArrived>(feed);
    BOOST_TEST(later.frame->number() > first.frame->number());
}

BOOST_AUTO_TEST_CASE(a_new_query_does_not_wait_for_the_next_frame_of_the_old_one) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    for (std::uint32_t offset = 1; offset <= 20; ++offset) {  // each would wait a minute
        feed.ask(watch(milliseconds(60'000), offset));
        const auto frame = await<FrameArrived>(
            feed, [offset](const FrameArrived& arrived) { return arrived.spec.offset == offset; });
        BOOST_TEST(frame.frame->connections_matched() == offset);
    }
}

BOOST_AUTO_TEST_CASE(a_query_that_is_refused_is_not_asked_again) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(20), 0, "bad"));
    const auto refused = await<WatchRefused>(feed);
    BOOST_TEST(refused.failure.message == "at 1: there is no field \"bad\"");
    BOOST_TEST(refused.spec.filter == "bad");
    feed.ask(watch(milliseconds(20), 0, "good"));
    await<FrameArrived>(feed);
    BOOST_TEST(daemon.board.streams == 2);
}

BOOST_AUTO_TEST_CASE(a_lost_server_is_found_again_without_help) {
    const Place place;
    auto daemon = std::make_unique<Daemon>(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(20)));
    await<FrameArrived>(feed);
    daemon.reset();
    const auto lost = await<LinkChanged>(feed);
    BOOST_TEST((lost.state == Link::Lost));
    BOOST_TEST(lost.retry_in.count() > 0);
    daemon = std::make_unique<Daemon>(place.address);
    await<FrameArrived>(feed);
}

BOOST_AUTO_TEST_CASE(nobody_there_is_said) {
    const Place place;
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(20)));
    BOOST_TEST((await<LinkChanged>(feed).state == Link::Lost));
}

BOOST_AUTO_TEST_CASE(calls_are_answered_while_frames_flow) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(60'000)));
    feed.ask(ListDirectives{});
    BOOST_TEST(await<DirectivesListed>(feed).reply->etag() == "rev-1");
    CheckChange check{5, {}};
    check.request.add_changes()->set_value("0");
    check.request.set_validate_only(true);
    feed.ask(check);
    const auto checked = await<ChangeChecked>(feed);
    BOOST_TEST(checked.ticket == 5U);
    BOOST_TEST(checked.reply.error().message == "0 is too small");
    ApplyChange apply;
    apply.request.add_changes()->set_value("80");
    feed.ask(apply);
    const auto applied = await<ChangeApplied>(feed);
    BOOST_TEST(applied.reply->prediction().size() ==
               36U);  // a request id: a retry cannot apply twice
    BOOST_TEST(!applied.reply->validated_only());
    StartRestart restart;
    restart.request.set_all(true);
    feed.ask(restart);
    BOOST_TEST(await<RestartStarted>(feed).reply->name() == "op-all");
}

BOOST_AUTO_TEST_CASE(a_ui_that_stands_still_finds_the_newest_frame_only) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(5)));
    while (daemon.board.frames < 20)
        std::this_thread::yield();
    int frames = 0;
    for (const Event& event : feed.take())
        frames += std::holds_alternative<FrameArrived>(event) ? 1 : 0;
    BOOST_TEST(frames <= 1);
}

BOOST_AUTO_TEST_CASE(it_ends_while_a_call_hangs) {
    const Place place;
    const Daemon daemon(place.address);
    {
        RpcFeed feed(place.address);
        CheckChange check{1, {}};
        check.request.add_changes()->set_value("hang");
        feed.ask(check);
        while (!daemon.directives.hanging)
            std::this_thread::yield();
    }
    BOOST_TEST(true);  // the destructor came back; the server would hang for ever
}

BOOST_AUTO_TEST_CASE(it_ends_while_the_stream_is_silent) {
    const Place place;
    const Daemon daemon(place.address);
    RpcFeed feed(place.address);
    feed.ask(watch(milliseconds(60'000)));
    await<FrameArrived>(feed);
}  // the destructors come back, or CTest's limit says so

BOOST_AUTO_TEST_SUITE_END()

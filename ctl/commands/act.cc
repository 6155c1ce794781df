// restart, graceful, ops: what replaces children, and how it ended.

#include <charconv>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output/json.h"
#include "ctl/output/show.h"

namespace mpmd::ctl {

namespace v1 = api::v1;

namespace {

// One line per change on a pipe, one line that changes on a terminal; to stderr, for stdout is
// data.
class Progress {
public:
    void show(const v1::Operation& operation) {
        const std::string line = operation.name() + "  " + operation.progress();
        if (line == last_) return;
        last_ = line;
        if (terminal_)
            std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
        else
            std::fprintf(stderr, "%s\n", line.c_str());
        std::fflush(stderr);
    }
    ~Progress() {
        if (terminal_ && !last_.empty()) std::fputs("\r\x1b[K", stderr);
    }

private:
    bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    std::string last_;
};

int exit_code_of(const v1::Operation& operation) {
    if (operation.state() == v1::OPERATION_STATE_SUCCEEDED) return kExitDone;
    return operation.state() == v1::OPERATION_STATE_CANCELLED ? kExitReverted : kExitFailed;
}

// What a person who waits wants to see: everything over, or only that every successor serves.
enum class Until { Done, Ready };

bool enough(const v1::Operation& operation, Until until) {
    return has_ended(operation) || (until == Until::Ready && operation.total() > 0 &&
                                    operation.done() >= operation.total());
}

tl::expected<Until, Failure> until_of(const Arguments& arguments) {
    const std::string text = arguments.value("--wait");
    if (text.empty() || text == "done") return Until::Done;
    if (text == "ready") return Until::Ready;
    return tl::unexpected<Failure>(
        usage_failure(fmt::format("--wait takes ready or done, not '{}'", text)));
}

// The operation when it has come so far, or as it was when `deadline` passed.
api::Reply<v1::Operation> wait_for(Session& session, v1::Operation operation, Until until) {
    using Clock = std::chrono::steady_clock;
    constexpr auto kStep = std::chrono::milliseconds(1000);
    constexpr auto kSuccession =
        std::chrono::seconds(10);  // a new control process is there by then
    const auto deadline = session.options().timeout_given ? Clock::now() + session.options().timeout
                                                          : Clock::time_point::max();
    Progress progress;
    progress.show(operation);
    auto answered = Clock::now();
    while (!enough(operation, until) && Clock::now() < deadline) {
        v1::WaitOperationRequest request;
        request.set_name(operation.name());
        request.mutable_timeout()->set_nanos(until == Until::Ready ? 50'000'000 : 500'000'000);
        // The control process may be replaced while we wait; its successor knows the operation.
        auto reply = session.api().wait_operation(request, kStep * 30);
        if (!reply && is_unavailable(reply.error()) && Clock::now() - answered < kSuccession) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            continue;
        }
        if (!reply) return reply;
        answered = Clock::now();
        operation = std::move(*reply);
        progress.show(operation);
    }
    return operation;
}

int send_restart(Session& session,
                 const Arguments& arguments,
                 const v1::RestartChildrenRequest& request) {
    const auto operation = session.api().restart_children(request);
    if (!operation) return session.refuse(operation.error());
    if (request.validate_only()) {
        session.print(session.json() ? message_json(*operation) : operation->result() + "\n");
        return kExitDone;
    }
    if (!arguments.has("--no-wait")) return follow_operation(session, arguments, *operation);
    session.print(session.json() ? message_json(*operation)
                                 : fmt::format("{} started; follow: mpmctl ops watch {}\n",
                                               operation->name(), operation->name()));
    return kExitDone;
}

}  // namespace

int follow_operation(Session& session, const Arguments& arguments, const v1::Operation& started) {
    const auto until = until_of(arguments);
    if (!until) return session.refuse(until.error());
    const auto operation = wait_for(session, started, *until);
    if (!operation) return session.refuse(operation.error());
    if (!enough(*operation, *until)) {
        return session.refuse(
            Failure{kExitStillRunning,
                    "DEADLINE_EXCEEDED",
                    "STILL_RUNNING",
                    fmt::format("gave up waiting, {} goes on: {}. Follow: mpmctl ops watch {}",
                                operation->name(), operation->progress(), operation->name()),
                    {{"operation", operation->name()}}});
    }
    session.print(session.json() ? message_json(*operation) : outcome_line(*operation) + "\n");
    return has_ended(*operation) ? exit_code_of(*operation) : kExitDone;
}

int run_restart(Session& session, const Arguments& arguments) {
    if (const auto until = until_of(arguments); !until) return session.refuse(until.error());
    v1::RestartChildrenRequest request;
    request.set_all(arguments.has("--all"));
    if (request.all() == !arguments.words.empty())
        return session.refuse(
            usage_failure("name the children to restart (see mpmctl ps), or say --all"));
    for (const std::string& word : arguments.words) {
        std::uint64_t uid = 0;
        const char* end = word.data() + word.size();
        const auto [stop, error] = std::from_chars(word.data(), end, uid);
        if (error != std::errc{} || stop != end)
            return session.refuse(usage_failure(
                fmt::format("'{}' is not the number of a child; see: mpmctl ps", word)));
        request.add_uids(uid);
    }
    if (const std::string text = arguments.value("--surge"); !text.empty()) {
        std::uint32_t surge = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), surge);
        if (error != std::errc{} || stop != text.data() + text.size() || surge == 0)
            return session.refuse(
                usage_failure(fmt::format("--surge takes a number from 1, not '{}'", text)));
        request.set_max_surge(surge);
    }
    if (const std::string text = arguments.value("--drain-timeout"); !text.empty()) {
        const auto timeout = parse_duration(text);
        if (!timeout)
            return session.refuse(usage_failure(
                fmt::format("--drain-timeout takes a duration such as 30s or 5m, not '{}'", text)));
        request.mutable_drain_timeout()->set_seconds(timeout->count() / 1000);
        request.mutable_drain_timeout()->set_nanos(
            static_cast<std::int32_t>(timeout->count() % 1000) * 1'000'000);
    }
    request.set_reason(arguments.value("--reason"));
    request.set_validate_only(arguments.has("--dry-run"));
    request.set_request_id(api::new_request_id());
    const std::string what =
        request.all() ? "all children" : fmt::format("{} children", request.uids_size());
    if (!request.validate_only() &&
        !session.confirmed(fmt::format("Restart {}, one after another?", what)))
        return kExitDone;
    return send_restart(session, arguments, request);
}

int run_graceful(Session& session, const Arguments& arguments) {
    if (const auto until = until_of(arguments); !until) return session.refuse(until.error());
    v1::ReloadConfigRequest request;
    request.set_reason(arguments.value("--reason"));
    request.set_validate_only(arguments.has("--dry-run"));
    request.set_request_id(api::new_request_id());
    if (!request.validate_only() &&
        !session.confirmed("Re-read the configuration and replace all children?"))
        return kExitDone;
    const auto operation = session.api().reload_config(request);
    if (!operation) return session.refuse(operation.error());
    if (request.validate_only() || arguments.has("--no-wait")) {
        const std::string line =
            request.validate_only()
                ? (operation->result().empty() ? std::string("the configuration is valid")
                                               : operation->result())
                : fmt::format("{} started; follow: mpmctl ops watch {}", operation->name(),
                              operation->name());
        session.print(session.json() ? message_json(*operation) : line + "\n");
        return kExitDone;
    }
    return follow_operation(session, arguments, *operation);
}

int run_ops(Session& session, const Arguments& arguments) {
    const std::string verb = arguments.words.empty() ? "list" : arguments.words.front();
    if (verb == "list") {
        const auto list = session.api().list_operations({});
        if (!list) return session.refuse(list.error());
        session.print(session.json() ? message_json(*list)
                                     : show_operations(*list, session.width()));
        return kExitDone;
    }
    const bool known = verb == "show" || verb == "watch" || verb == "wait";
    if (!known || arguments.words.size() != 2)
        return session.refuse(
            usage_failure("usage: mpmctl ops [list | show ID | watch ID | wait ID]"));
    v1::GetOperationRequest request;
    request.set_name(arguments.words[1]);
    const auto operation = session.api().get_operation(request);
    if (!operation) return session.refuse(operation.error());
    if (verb != "show") return follow_operation(session, arguments, *operation);
    session.print(session.json() ? message_json(*operation)
                                 : show_operation(*operation, session.width()));
    return kExitDone;
}

}  // namespace mpmd::ctl

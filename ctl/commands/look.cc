// status, ps, conns, board, decisions: reading commands.

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/output/json.h"
#include "ctl/output/show.h"

namespace mpmd::ctl {

namespace v1 = api::v1;

namespace {

bool parse_number(const std::string& text, std::uint64_t& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && !text.empty();
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

// All pages as one response. `limit` 0 = everything.
api::Reply<v1::ListConnectionsResponse> all_connections(Session& session,
                                                        v1::ListConnectionsRequest request,
                                                        std::uint32_t limit) {
    constexpr std::uint32_t kPage = 5000;
    v1::ListConnectionsResponse all;
    for (;;) {
        const auto have = static_cast<std::uint32_t>(all.connections_size());
        request.set_page_size(limit == 0 ? kPage : std::min(kPage, limit - have));
        auto page = session.api().list_connections(request);
        if (!page) return tl::unexpected<api::CallError>(std::move(page).error());
        for (auto& connection : *page->mutable_connections())
            all.add_connections()->Swap(&connection);
        all.set_total_size(page->total_size());
        if (!all.has_sample_time()) *all.mutable_sample_time() = page->sample_time();
        const bool enough =
            limit != 0 && static_cast<std::uint32_t>(all.connections_size()) >= limit;
        if (page->next_page_token().empty() || enough) return all;
        request.set_page_token(page->next_page_token());
    }
}

}  // namespace

int run_status(Session& session, const Arguments&) {
    const auto server = session.api().get_server();
    if (!server) return session.refuse(server.error());
    session.print(session.json() ? message_json(*server) : show_server(*server));
    return kExitDone;
}

int run_ps(Session& session, const Arguments& arguments) {
    v1::ListChildrenRequest request;
    request.set_page_size(1000);
    request.set_workers(arguments.has("--threads"));
    for (const std::string& word : arguments.words) {
        std::uint64_t uid = 0;
        if (!parse_number(word, uid))
            return session.refuse(usage_failure(
                fmt::format("'{}' is not the number of a child; see: mpmctl ps", word)));
        request.add_uids(uid);
    }
    v1::ListChildrenResponse all;
    for (;;) {
        auto page = session.api().list_children(request);
        if (!page) return session.refuse(page.error());
        for (auto& child : *page->mutable_children())
            all.add_children()->Swap(&child);
        if (!all.has_sample_time()) *all.mutable_sample_time() = page->sample_time();
        if (page->next_page_token().empty()) break;
        request.set_page_token(page->next_page_token());
    }
    if (session.json())
        session.print(message_json(all));
    else if (request.workers())
        session.print(show_threads(all, session.width()));
    else
        session.print(show_children(all, session.width()));
    return kExitDone;
}

int run_conns(Session& session, const Arguments& arguments) {
    v1::ListConnectionsRequest request;
    request.set_filter(joined(arguments.words));
    std::string sort = arguments.value("--sort");
    if (!sort.empty() && sort.front() == '-') sort = sort.substr(1) + " desc";
    request.set_order_by(sort);
    std::uint64_t limit = 0;
    if (arguments.has("--limit") &&
        (!parse_number(arguments.value("--limit"), limit) || limit == 0 || limit > 10'000'000))
        return session.refuse(usage_failure(fmt::format(
            "--limit takes a number of rows from 1, not '{}'", arguments.value("--limit"))));
    const auto list = all_connections(session, request, static_cast<std::uint32_t>(limit));
    if (!list) return session.refuse(list.error());
    session.print(session.json() ? message_json(*list) : show_connections(*list, session.width()));
    return kExitDone;
}

int run_board(Session& session, const Arguments& arguments) {
    if (arguments.has("--local")) return run_board_local(session, arguments);
    if (!arguments.value("--file").empty())
        return session.refuse(usage_failure("--file goes with --local"));
    v1::GetScoreboardRequest request;
    request.set_level(v1::FRAME_LEVEL_CHILDREN);
    const auto frame = session.api().get_scoreboard(request);
    if (!frame) return session.refuse(frame.error());
    session.print(session.json() ? message_json(*frame) : show_board(*frame, session.width()));
    return kExitDone;
}

int run_crashes(Session& session, const Arguments& arguments) {
    const auto list = session.api().list_crashes({});
    if (!list) return session.refuse(list.error());
    session.print(session.json() ? message_json(*list)
                                 : show_crashes(*list, arguments.has("--stack"), session.width()));
    return kExitDone;
}

int run_decisions(Session& session, const Arguments& arguments) {
    v1::ListDecisionsRequest request;
    std::uint64_t limit = 0;
    if (arguments.has("-n") && (!parse_number(arguments.value("-n"), limit) || limit == 0 ||
                                limit > std::numeric_limits<std::uint32_t>::max()))
        return session.refuse(usage_failure(
            fmt::format("-n takes a number of lines from 1, not '{}'", arguments.value("-n"))));
    request.set_limit(static_cast<std::uint32_t>(limit));
    const auto list = session.api().list_decisions(request);
    if (!list) return session.refuse(list.error());
    session.print(session.json() ? message_json(*list) : show_decisions(*list, session.width()));
    return kExitDone;
}

}  // namespace mpmd::ctl

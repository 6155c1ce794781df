#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/connection_query.h"
#include "daemon/control/convert.h"
#include "daemon/control/frame.h"
#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

constexpr std::uint32_t kChildrenPage = 500;
constexpr std::uint32_t kMostChildrenPage = 1000;
constexpr std::size_t kMostWorkersPage = 16384;  // of worker rows in one answer
constexpr std::uint32_t kConnectionsPage = 500;
constexpr std::uint32_t kMostConnectionsPage = 5000;

std::uint32_t page_size(std::uint32_t asked, std::uint32_t usual, std::uint32_t most) {
    return asked == 0 ? usual : std::min(asked, most);
}

Failure gone(std::uint64_t uid) {
    return {Code::NotFound,
            "GONE",
            fmt::format("there is no child {} (any more); mpmctl ps lists them", uid),
            {{"child_uid", fmt::format("{}", uid)}},
            {}};
}

// The slot after which a page begins; -1 = the first.
Outcome<std::int64_t> read_slot_token(std::string_view token) {
    if (token.empty()) return -1;
    const auto slot = token.starts_with("slot-") ? text::parse_uint(token.substr(5)) : std::nullopt;
    if (slot && *slot < scoreboard::kMaxChildren) return static_cast<std::int64_t>(*slot);
    return refuse({Code::InvalidArgument,
                   "BAD_PAGE_TOKEN",
                   "page_token was not given by this server; begin again without it",
                   {},
                   {{"page_token", "unknown"}}});
}

}  // namespace

Outcome<v1::ScoreboardFrame> get_scoreboard(const Api& api,
                                            const Caller& caller,
                                            const v1::GetScoreboardRequest& request) {
    const auto frame = FrameRequest::read(request.level(), request.connections());
    if (!frame) return refuse(frame.error());
    const SamplePtr sample = api.sampler.now();
    std::vector<ConnectionFacts> connections;
    if (frame->rows()) connections = collect_connections(api.sampler.view(), *sample);
    v1::ScoreboardFrame out = frame_of(api.sampler.view(), *sample, *frame, connections, api.names);
    add_caller(api, caller, *out.mutable_server());
    return out;
}

Outcome<v1::ListChildrenResponse> list_children(const Api& api,
                                                const v1::ListChildrenRequest& request) {
    const auto after = read_slot_token(request.page_token());
    if (!after) return refuse(after.error());
    const SamplePtr sample = api.sampler.now();
    const auto& children = sample->snapshot.children;
    for (const std::uint64_t uid : request.uids())
        if (std::none_of(children.begin(), children.end(),
                         [uid](const auto& child) { return child.row.uid == uid; }))
            return refuse(gone(uid));
    const std::uint32_t size = page_size(request.page_size(), kChildrenPage, kMostChildrenPage);
    v1::ListChildrenResponse response;
    set_time(response.mutable_sample_time(), static_cast<std::uint64_t>(to_us(sample->wall)));
    std::size_t workers = 0;
    std::uint32_t last = 0;
    for (const scoreboard::Child& child : children) {
        if (static_cast<std::int64_t>(child.slot) <= *after) continue;
        const auto& uids = request.uids();
        if (!uids.empty() && std::find(uids.begin(), uids.end(), child.row.uid) == uids.end())
            continue;
        if (static_cast<std::uint32_t>(response.children_size()) == size ||
            (request.workers() && workers > kMostWorkersPage)) {
            response.set_next_page_token(fmt::format("slot-{}", last));
            break;
        }
        v1::Child& out = *response.add_children();
        out = child_of(child, *sample);
        add_holder(out, api.sampler.view(), child, *sample);
        if (request.workers()) add_workers(out, api.sampler.view(), child, *sample);
        workers += child.letters.size();
        last = child.slot;
    }
    return response;
}

Outcome<v1::ListConnectionsResponse> list_connections(const Api& api,
                                                      const v1::ListConnectionsRequest& request) {
    const auto query = ConnectionQuery::parse(request.filter(), request.order_by());
    if (!query) return refuse(query.error());
    const SamplePtr sample = api.sampler.now();
    const auto connections = collect_connections(api.sampler.view(), *sample);
    const auto page = select_page(
        connections, *query, request.order_by() + '\n' + request.filter(), request.page_token(),
        page_size(request.page_size(), kConnectionsPage, kMostConnectionsPage));
    if (!page) return refuse(page.error());
    v1::ListConnectionsResponse response;
    set_time(response.mutable_sample_time(), static_cast<std::uint64_t>(to_us(sample->wall)));
    response.set_total_size(static_cast<std::uint32_t>(page->selection.matched));
    response.set_next_page_token(page->next_token);
    for (const ConnectionFacts* connection : page->selection.rows)
        *response.add_connections() = connection_of(*connection);
    return response;
}

v1::ListCrashesResponse list_crashes(const Api& api, const v1::ListCrashesRequest& request) {
    v1::ListCrashesResponse response;
    for (const scoreboard::CrashRow& row : scoreboard::crashes(api.sampler.view(), request.after()))
        *response.add_crashes() = crash_of(row);
    return response;
}

v1::ListDecisionsResponse list_decisions(const Api& api, const v1::ListDecisionsRequest& request) {
    const auto rows = scoreboard::decisions(api.sampler.view(), request.since());
    const std::size_t most = request.limit() == 0 ? rows.size() : request.limit();
    v1::ListDecisionsResponse response;
    set_time(response.mutable_sample_time(),
             static_cast<std::uint64_t>(to_us(api.sampler.now()->wall)));
    for (std::size_t i = rows.size(); i > 0 && rows.size() - i < most; --i)
        *response.add_decisions() = decision_of(rows[i - 1]);
    return response;
}

}  // namespace mpmd::control

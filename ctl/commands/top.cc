// top: hands over to the dashboard.

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "daemon/base/text.h"
#include "tui/dashboard.h"
#include "tui/feed/rpc_feed.h"

namespace mpmd::ctl {

namespace {

tui::ColourChoice colour_of(const std::string& word) {
    if (word == "always") return tui::ColourChoice::Always;
    return word == "never" ? tui::ColourChoice::Never : tui::ColourChoice::Auto;
}

}  // namespace

int run_top(Session& session, const Arguments& arguments) {
    tui::DashboardOptions options;
    options.batch = arguments.has("--batch");
    options.colour = colour_of(session.options().color);
    options.ascii = session.options().ascii;
    if (!arguments.value("-n").empty()) {
        const auto frames = text::parse_uint(arguments.value("-n"));
        if (!frames || *frames == 0 || *frames > 1'000'000'000)
            return session.refuse(usage_failure("-n takes a number of frames, from 1"));
        if (!options.batch) return session.refuse(usage_failure("-n goes with --batch"));
        options.frames = static_cast<int>(*frames);
    }
    if (!arguments.value("--interval").empty()) {
        const auto interval = parse_duration(arguments.value("--interval"));
        if (!interval || *interval < std::chrono::milliseconds(100) ||
            *interval > std::chrono::seconds(60))
            return session.refuse(usage_failure("--interval takes a time from 100ms to 60s"));
        options.interval = *interval;
    }
    tui::RpcFeed feed(session.endpoint().target());
    const auto end = tui::run_dashboard(options, feed);
    return end ? *end : session.refuse(end.error());
}

}  // namespace mpmd::ctl

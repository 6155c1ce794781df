// mpmd: composition root.

#include <cstdio>

#include <fmt/format.h>

#include "daemon/config_test.h"
#include "daemon/options.h"
#include "daemon/script_launcher.h"
#include "daemon/supervisor/start.h"

namespace {

int act(const mpmd::Options& options) {
    namespace supervisor = mpmd::supervisor;
    const auto signal = [&](supervisor::SignalVerb verb) {
        const supervisor::SignalOutcome outcome =
            supervisor::signal_server(verb, options.file, options.defines);
        return outcome.start ? supervisor::serve({options.file, options.foreground, options.defines,
                                                  options.debug})
                             : outcome.exit_status;
    };
    switch (options.verb.value_or(mpmd::ControlVerb::Start)) {
        case mpmd::ControlVerb::Stop:
            return signal(supervisor::SignalVerb::Stop);
        case mpmd::ControlVerb::Restart:
            return signal(supervisor::SignalVerb::Restart);
        case mpmd::ControlVerb::Graceful:
            return signal(supervisor::SignalVerb::Graceful);
        case mpmd::ControlVerb::GracefulStop:
            return signal(supervisor::SignalVerb::GracefulStop);
        case mpmd::ControlVerb::Start:
            break;
    }
    return supervisor::serve({options.file, options.foreground, options.defines, options.debug});
}

}  // namespace

int main(int argc, char** argv) {
    if (mpmd::is_script_launch(argc, argv)) return mpmd::launch_script(argc, argv);
    const auto options = mpmd::parse_options(argc, argv);
    if (!options) {
        fmt::print(stderr, "mpmd: {}\n{}", options.error().message, mpmd::usage());
        return 2;
    }
    switch (options->mode) {
        case mpmd::Options::Mode::Help:
            fmt::print("{}", mpmd::usage());
            return 0;
        case mpmd::Options::Mode::Version:
            fmt::print("{}", mpmd::version_text());
            return 0;
        case mpmd::Options::Mode::ConfigTest:
            return mpmd::config_test(*options);
        case mpmd::Options::Mode::Serve:
            break;
    }
    return act(*options);
}

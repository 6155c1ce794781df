#pragma once

// From a configuration file to a running server, and the commands of `mpmd -k`.

#include <string>
#include <vector>

namespace mpmd::supervisor {

struct ServeOptions {
    std::string file;
    bool foreground = false;
    std::vector<std::string> defines{};  // -D
    bool debug = false;                  // -X: debug.h
};
// Serves until told to end; the exit status. What prevents a start is said on standard error.
// Detached, the original process ends with 0 when the first child is ready, else with 1 (P-7).
[[nodiscard]] int serve(const ServeOptions& options);

enum class SignalVerb { Stop, Restart, Graceful, GracefulStop };
struct SignalOutcome {
    int exit_status = 0;
    bool start = false;  // nothing ran, and this verb then starts (6.6)
};
// Signals the server of that file and waits for the outcome. A file with errors prevents a restart;
// a stop goes by its good lines, when the server that they lead to says that it has this file.
[[nodiscard]] SignalOutcome signal_server(SignalVerb verb,
                                          const std::string& file,
                                          const std::vector<std::string>& defines = {});

}  // namespace mpmd::supervisor

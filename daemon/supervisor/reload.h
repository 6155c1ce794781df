#pragma once

// A new configuration, all or nothing: everything that can fail is done aside (parse, resolve
// users, bind new addresses, open logs), and only then the server changes (6.5). A failure leaves
// no trace but its text.

#include <optional>
#include <string>
#include <vector>

#include "daemon/supervisor/core.h"
#include "daemon/supervisor/pid_file.h"

namespace mpmd::supervisor {

struct Reload {
    config::Loaded loaded;
    ListenSet::Prepared sockets;
    std::optional<AcceptMutexes> accept_mutexes;  // nothing: those that exist stay
    Logs logs;
    Identities identities;
    PidFile::Prepared pid_file;

    // A graceful reload keeps the number of buckets, a hard one does not (2.3).
    [[nodiscard]] static Result<Reload> prepare(const Core& core,
                                                const PidFile& pid_file,
                                                bool hard);
    // Sentences to tell: dropped overrides, directives that need a stop, adjustments.
    struct Outcome {
        std::vector<std::string> warnings;
        std::vector<std::string> notices;
        bool control_changed = false;  // the control process must be replaced to see it
    };
    static Outcome commit(Core& core, PidFile& pid_file, Reload reload);
};

// What a person may want to know of a configuration, and need not act on.
[[nodiscard]] std::vector<std::string> notices_of(const config::Config& config);

}  // namespace mpmd::supervisor

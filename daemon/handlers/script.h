#pragma once

// One CGI script that runs: its output, its standard error (which goes to the error log), its end.
// Owned by the response that it answers, or by the ScriptKeeper once nobody waits for it any more;
// whoever owns it may call it. reap() comes last: until then its number, and that of its group,
// mean nobody else.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

#include "daemon/base/time.h"
#include "daemon/handlers/error_lines.h"
#include "daemon/handlers/spawn_script.h"
#include "daemon/log/log.h"

namespace mpmd::handlers {

class Script {
public:
    // `name`: as in the URL, for the log.
    Script(SpawnedScript spawned, std::string name, MonoTime started, const log::Log& log);
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;

    enum class Heard : std::uint8_t {
        Output,      // read() has something, or the end of it
        Silence,     // `until` came first
        ClientEnd,   // it has finished sending
        ClientGone,  // its connection is broken
    };
    // Waits for output; standard error is logged meanwhile. `client`: a socket to watch, -1: none;
    // `half_closed`: ClientEnd is nothing new.
    [[nodiscard]] Heard listen(MonoTime until, int client, bool half_closed);
    // 0: the output has ended; nothing: not now.
    [[nodiscard]] std::optional<std::size_t> read(std::span<char> into);
    void close_output() { output_.reset(); }
    // Logs what is there on its standard error. False: that has ended too.
    bool read_errors();

    // To the whole process group, as long as reap() has not been called.
    void signal_group(int number) const;
    [[nodiscard]] bool has_ended() const;  // it is to be reaped
    [[nodiscard]] bool ends_until(MonoTime until) const;
    // Requires: has_ended(). Status as of waitid: "exited with 3", "was ended by signal 9".
    [[nodiscard]] std::string reap();
    [[nodiscard]] bool reaped() const { return reaped_; }

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] MonoTime started() const { return started_; }
    [[nodiscard]] int process_fd() const { return process_.get(); }
    [[nodiscard]] int errors_fd() const { return errors_.get(); }
    void complain(log::Level level, std::string_view what) const;

private:
    const pid_t pid_;
    const std::string name_;
    const MonoTime started_;
    const log::Log& log_;
    os::UniqueFd process_;
    os::UniqueFd output_;
    os::UniqueFd errors_;
    ErrorLines lines_;
    bool reaped_ = false;
};

}  // namespace mpmd::handlers

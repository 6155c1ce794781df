#pragma once

// WINCH, TSTP, CONT, HUP, INT, TERM and QUIT as something to read: handlers that write one byte to
// a pipe. A signalfd would need them blocked in every thread, but the RPC library starts its
// threads before the dashboard begins. One object at a time; the UI thread's.

#include <optional>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::tui {

class SignalPipe {
public:
    [[nodiscard]] static Result<SignalPipe> open();
    SignalPipe(SignalPipe&&) noexcept = default;
    SignalPipe& operator=(SignalPipe&&) noexcept = default;
    ~SignalPipe();

    [[nodiscard]] int fd() const { return reader_.get(); }
    [[nodiscard]] std::optional<int> next();
    // Stops the process as Ctrl-Z does; returns when it continues.
    void stop_process();

private:
    SignalPipe(os::UniqueFd reader, os::UniqueFd writer)
        : reader_(std::move(reader)), writer_(std::move(writer)) {}
    os::UniqueFd reader_;
    os::UniqueFd writer_;
};

}  // namespace mpmd::tui

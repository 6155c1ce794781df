#pragma once

// The two ends of the command channel (command.h). The supervisor's end never blocks: replies that
// the socket does not take now wait in a bounded queue; a control process that lets it overflow is
// treated as gone. Thread rule: supervisor: its one thread. Control: one thread at a time sends,
// one receives.

#include <cstddef>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/ipc/command_codec.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::ipc {

// The supervisor's end.
class CommandServer {
public:
    explicit CommandServer(os::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] int fd() const { return fd_.get(); }

    struct WouldBlock {};
    struct Gone {};
    struct Malformed {  // answer BadRequest when there is a header
        std::optional<CommandHeader> header;
        Error error;
    };
    using Event = std::variant<WouldBlock, Gone, Malformed, Command>;
    [[nodiscard]] Event next();

    // False: the peer is gone, or has not read 64 replies.
    [[nodiscard]] bool reply(const Reply& reply);
    // After the descriptor became writable. False as above.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool wants_write() const { return !waiting_.empty(); }

private:
    os::UniqueFd fd_;
    std::deque<std::vector<std::byte>> waiting_;
};

// Control's end (descriptor 5). Blocking.
class CommandClient {
public:
    explicit CommandClient(os::UniqueFd fd) : fd_(std::move(fd)) {}
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Result<> send(const Command& command);
    // The next reply, whose request had `verb_of(serial)`. An end-of-file is the error "supervisor
    // is gone".
    template <class VerbOf>
    [[nodiscard]] Result<Reply> receive(VerbOf verb_of) {
        std::vector<std::byte> datagram = TRY(receive_datagram());
        const std::uint64_t serial = TRY(serial_of(datagram));
        return decode_reply(datagram, verb_of(serial));
    }

private:
    [[nodiscard]] Result<std::vector<std::byte>> receive_datagram();
    [[nodiscard]] static Result<std::uint64_t> serial_of(const std::vector<std::byte>& datagram);
    os::UniqueFd fd_;
};

}  // namespace mpmd::ipc

#pragma once

// The transport of one connection, never waiting: each call does what it can and says what it needs
// next. One of the two seams of the server (the other is http::Handler): plain TCP today, TLS
// beside it. Thread rule: whoever owns the connection.

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

namespace mpmd::net {

enum class Want : std::uint8_t {
    Nothing,  // done: `bytes` moved
    Read,     // would block until readable
    Write,    // would block until writable
    End,      // read: the peer has finished sending. send_file: the file is shorter than asked
    Failed    // the connection is broken; `os_errno` says how
};

struct Io {
    Want want = Want::Nothing;
    std::size_t bytes = 0;
    int os_errno = 0;
};

enum class More : std::uint8_t {
    No,
    Yes
};  // Yes: hold the last segment back, more follows at once

class Stream {
public:
    virtual ~Stream() = default;
    [[nodiscard]] virtual Io read(std::span<char> into) = 0;
    // May move less than given; Want::Nothing with fewer bytes means: try the rest.
    [[nodiscard]] virtual Io write(std::span<const iovec> parts, More more) = 0;
    [[nodiscard]] virtual Io send_file(int file, std::uint64_t offset, std::size_t length) = 0;
    // Says goodbye: nothing more will be written.
    [[nodiscard]] virtual Io shut_writing() = 0;
    // Bytes that have arrived and were not read; 0 when that cannot be known.
    [[nodiscard]] virtual std::size_t unread() const = 0;
};

}  // namespace mpmd::net

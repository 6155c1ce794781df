#pragma once

// TCP without anything on top. Raw system calls where glibc's wrapper would be a cancellation point
// (performance.md 6, 10). Owns the descriptor.

#include "daemon/net/stream.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::net {

class PlainStream final : public Stream {
public:
    PlainStream() = default;
    explicit PlainStream(os::UniqueFd fd) : fd_(std::move(fd)) {}

    [[nodiscard]] Io read(std::span<char> into) override;
    [[nodiscard]] Io write(std::span<const iovec> parts, More more) override;
    [[nodiscard]] Io send_file(int file, std::uint64_t offset, std::size_t length) override;
    [[nodiscard]] Io shut_writing() override;
    [[nodiscard]] std::size_t unread() const override;

    [[nodiscard]] int fd() const { return fd_.get(); }
    void close() { fd_.reset(); }

private:
    os::UniqueFd fd_;
};

}  // namespace mpmd::net

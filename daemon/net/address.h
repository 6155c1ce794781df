#pragma once

// A socket address, IPv4 or IPv6, as a value. parse() takes numbers only; resolve() may ask the
// system's resolver and belongs to start and reload, never to a serving thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/base/result.h"

namespace mpmd::net {

class Address {
public:
    Address() = default;  // 0.0.0.0:0
    // "127.0.0.1", "::1" or "[::1]", "" or "*" for 0.0.0.0. Nothing for a name.
    [[nodiscard]] static std::optional<Address> parse(std::string_view host, std::uint16_t port);
    // Of what accept4, getsockname and getpeername filled in. Other families become 0.0.0.0:0.
    [[nodiscard]] static Address from(const sockaddr_storage& raw);
    // IPv4 takes the first four of `bytes`.
    [[nodiscard]] static Address of(const std::array<std::uint8_t, 16>& bytes,
                                    std::uint16_t port,
                                    bool v6);
    // Our own end of a connected socket; 0.0.0.0:0 when the kernel does not say.
    [[nodiscard]] static Address of_local(int socket);

    [[nodiscard]] int family() const { return v6_ ? AF_INET6 : AF_INET; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_loopback() const;
    [[nodiscard]] bool is_any() const;
    // IPv4 takes the first four; the rest is zero.
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    [[nodiscard]] std::string host() const;  // "127.0.0.1", "::1"
    // The same without allocating; the view points into `into`.
    [[nodiscard]] std::string_view host_into(std::array<char, 46>& into) const;
    [[nodiscard]] std::string text() const;  // "127.0.0.1:80", "[::1]:80"
    [[nodiscard]] socklen_t write_to(sockaddr_storage& raw) const;
    bool operator==(const Address&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint16_t port_ = 0;
    bool v6_ = false;
};

// Every address that a Listen line means: "" and "*" are 0.0.0.0 and, where the kernel has IPv6 and
// the port is given, [::]; numbers are themselves; a name is what the resolver says. Never empty.
[[nodiscard]] Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port);

}  // namespace mpmd::net

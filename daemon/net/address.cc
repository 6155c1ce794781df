#include "daemon/net/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/unique_fd.h"

namespace mpmd::net {

std::optional<Address> Address::parse(std::string_view host, std::uint16_t port) {
    Address address;
    address.port_ = port;
    if (host.empty() || host == "*") return address;
    if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const std::string text(host);
    if (::inet_pton(AF_INET, text.c_str(), address.bytes_.data()) == 1) return address;
    address.v6_ = true;
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

Address Address::from(const sockaddr_storage& raw) {
    Address address;
    if (raw.ss_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &raw, sizeof v4);
        std::memcpy(address.bytes_.data(), &v4.sin_addr, 4);
        address.port_ = ntohs(v4.sin_port);
    } else if (raw.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &raw, sizeof v6);
        std::memcpy(address.bytes_.data(), &v6.sin6_addr, 16);
        address.port_ = ntohs(v6.sin6_port);
        address.v6_ = true;
    }
    return address;
}

Address Address::of(const std::array<std::uint8_t, 16>& bytes, std::uint16_t port, bool v6) {
    Address address;
    address.bytes_ = bytes;
    address.port_ = port;
    address.v6_ = v6;
    return address;
}

Address Address::of_local(int socket) {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&raw), &size) < 0) return {};
    return from(raw);
}

bool Address::is_loopback() const {
    if (!v6_) return bytes_[0] == 127;
    return bytes_[15] == 1 &&
           std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool Address::is_any() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t b) { return b == 0; });
}

std::string Address::host() const {
    std::array<char, 46> text;
    return std::string(host_into(text));
}

std::string_view Address::host_into(std::array<char, 46>& into) const {
    static_assert(sizeof into == INET6_ADDRSTRLEN);
    if (v6_) {
        ::inet_ntop(AF_INET6, bytes_.data(), into.data(), static_cast<socklen_t>(into.size()));
        return into.data();
    }
    char* at = into.data();
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) *at++ = '.';
        at = std::to_chars(at, into.data() + into.size(), bytes_[i]).ptr;
    }
    return {into.data(), static_cast<std::size_t>(at - into.data())};
}

std::string Address::text() const {
    return v6_ ? fmt::format("[{}]:{}", host(), port_) : fmt::format("{}:{}", host(), port_);
}

socklen_t Address::write_to(sockaddr_storage& raw) const {
    raw = {};
    if (!v6_) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port_);
        std::memcpy(&v4.sin_addr, bytes_.data(), 4);
        std::memcpy(&raw, &v4, sizeof v4);
        return sizeof v4;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port_);
    std::memcpy(&v6.sin6_addr, bytes_.data(), 16);
    std::memcpy(&raw, &v6, sizeof v6);
    return sizeof v6;
}

namespace {

bool kernel_has_ipv6() {
    const os::UniqueFd probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return static_cast<bool>(probe);
}

}  // namespace

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port) {
    std::vector<Address> found;
    if (const auto number = Address::parse(host, port)) {
        found.push_back(*number);
        // Two sockets cannot share a port that the kernel has yet to choose.
        if ((host.empty() || host == "*") && port != 0 && kernel_has_ipv6())
            found.push_back(*Address::parse("::", port));
        return found;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (code != 0)
        return fail(Error::text(
            fmt::format("cannot find an address for \"{}\": {}", host, ::gai_strerror(code))));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, ::freeaddrinfo);
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        sockaddr_storage raw{};
        std::memcpy(&raw, entry->ai_addr, std::min<std::size_t>(entry->ai_addrlen, sizeof raw));
        const auto address = Address::parse(Address::from(raw).host(), port);
        if (address && std::find(found.begin(), found.end(), *address) == found.end())
            found.push_back(*address);
    }
    if (found.empty())
        return fail(Error::text(fmt::format("\"{}\" has no IPv4 or IPv6 address", host)));
    return found;
}

}  // namespace mpmd::net

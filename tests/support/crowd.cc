#include "tests/support/crowd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "daemon/base/text.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using Clock = std::chrono::steady_clock;

os::UniqueFd connecting(std::uint16_t port, std::string& trouble) {
    os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        trouble = std::string("socket: ") + std::strerror(errno);
        return fd;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The socket API takes every family through sockaddr.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
        errno != EINPROGRESS)
        trouble = std::string("connect: ") + std::strerror(errno);
    return fd;
}

// Bytes of the whole response at the front of `text`; 0 = not whole yet.
std::size_t response_size(const std::string& text) {
    const auto head_end = text.find("\r\n\r\n");
    if (head_end == std::string::npos) return 0;
    const auto at = mpmd::text::lower(text.substr(0, head_end)).find("content-length: ");
    if (at == std::string::npos) return 0;
    const std::size_t size =
        head_end + 4 +
        std::strtoull(text.c_str() + at + std::strlen("content-length: "), nullptr, 10);
    return text.size() >= size ? size : 0;
}

}  // namespace

Crowd::Crowd(CrowdPlan plan)
    : plan_(std::move(plan)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(plan_.clients) {
    for (std::uint32_t i = 0; i < clients_.size(); ++i) {
        clients_[i].fd = connecting(plan_.port, trouble_);
        if (clients_[i].fd) watch(clients_[i], i, EPOLL_CTL_ADD);
        // What is queued is let in before the backlog overflows and the system asks for patience.
        if (i % 64 == 63) static_cast<void>(step(1));
    }
}

void Crowd::watch(Client& client, std::uint32_t index, int operation) {
    const bool writes = client.sent < plan_.bytes.size();
    epoll_event event{};
    event.events = writes ? EPOLLIN | EPOLLOUT | EPOLLRDHUP : EPOLLIN | EPOLLRDHUP;
    event.data.u32 = index;
    ::epoll_ctl(epoll_.get(), operation, client.fd.get(), &event);
}

void Crowd::settle_one(Client& client) {
    if (std::exchange(client.settled, true)) return;
    ++settled_;
}

void Crowd::read(Client& client) {
    char piece[4096];
    while (!client.closed) {
        const ssize_t n = ::recv(client.fd.get(), piece, sizeof piece, 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (n > 0)
            client.read.append(piece, static_cast<std::size_t>(n));
        else
            client.closed = true;
    }
    while (const std::size_t size = response_size(client.read)) {
        client.read.erase(0, size);
        ++client.answers;
        if (plan_.reads_response) settle_one(client);
    }
    if (client.closed) settle_one(client);
}

void Crowd::move(Client& client) {
    while (client.sent < plan_.bytes.size()) {
        const ssize_t n = ::send(client.fd.get(), plan_.bytes.data() + client.sent,
                                 plan_.bytes.size() - client.sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        client.sent += static_cast<std::size_t>(n);
    }
    if (client.sent == plan_.bytes.size() && !plan_.reads_response) settle_one(client);
    read(client);
}

bool Crowd::step(int timeout_ms) {
    std::array<epoll_event, 256> events{};
    const int n = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms);
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(n, 0)); ++i) {
        const std::uint32_t index = events[i].data.u32;
        Client& client = clients_[index];
        move(client);
        watch(client, index, client.closed ? EPOLL_CTL_DEL : EPOLL_CTL_MOD);
    }
    return n > 0;
}

void Crowd::settle(std::chrono::milliseconds quiet) {
    auto last = Clock::now();
    while (settled_ < clients_.size() && Clock::now() - last < soon(quiet))
        if (step(20)) last = Clock::now();
}

void Crowd::pump(std::chrono::milliseconds duration) {
    const auto end = Clock::now() + duration;
    while (Clock::now() < end)
        static_cast<void>(step(5));
}

void Crowd::send_again(const std::string& bytes) {
    plan_.bytes = bytes;
    settled_ = 0;
    for (std::uint32_t i = 0; i < clients_.size(); ++i) {
        Client& client = clients_[i];
        client.settled = false;
        client.sent = 0;
        if (client.closed)
            settle_one(client);
        else
            watch(client, i, EPOLL_CTL_MOD);
    }
}

std::size_t Crowd::answered() const {
    std::size_t sum = 0;
    for (const Client& client : clients_)
        sum += client.answers;
    return sum;
}

std::size_t Crowd::closed() const {
    return static_cast<std::size_t>(std::count_if(
        clients_.begin(), clients_.end(), [](const Client& client) { return client.closed; }));
}

std::vector<std::uint16_t> Crowd::local_ports() const {
    std::vector<std::uint16_t> ports;
    for (const Client& client : clients_) {
        if (client.closed) continue;
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(client.fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
        ports.push_back(ntohs(address.sin_port));
    }
    return ports;
}

}  // namespace mpmd::test

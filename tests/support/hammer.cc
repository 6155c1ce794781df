#include "tests/support/hammer.h"

#include <array>
#include <cerrno>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "daemon/os/unique_fd.h"
#include "tests/support/http_client.h"

namespace mpmd::test {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

struct Connection {
    os::UniqueFd fd;
    std::string read;
    std::size_t outstanding = 0;
};

class Engine {
public:
    Engine(const HammerPlan& plan, std::atomic<std::uint64_t>& answers)
        : plan_(plan), answers_(answers), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < plan.depth; ++i)
            batch_ += get_request(plan.path);
        connections_.resize(plan.clients);
        for (std::uint32_t i = 0; i < connections_.size(); ++i)
            open(i);
    }

    void turn() {
        std::array<epoll_event, 64> events{};
        const int n = ::epoll_wait(epoll_.get(), events.data(), events.size(), 20);
        for (std::size_t i = 0; i < static_cast<std::size_t>(n < 0 ? 0 : n); ++i)
            serve(events[i].data.u32);
    }

private:
    void open(std::uint32_t index) {
        Connection& connection = connections_[index];
        connection = Connection{};
        connection.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(plan_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        // The socket API takes every family through sockaddr; the outcome shows in epoll.
        ::connect(connection.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP;
        event.data.u32 = index;
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd.get(), &event);
    }

    void serve(std::uint32_t index) {
        Connection& connection = connections_[index];
        char piece[65536];
        for (;;) {
            const ssize_t n = ::recv(connection.fd.get(), piece, sizeof piece, 0);
            if (n > 0) {
                connection.read.append(piece, static_cast<std::size_t>(n));
                continue;
            }
            if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN)) break;
            count(connection);
            return open(index);
        }
        count(connection);
        if (connection.outstanding > 0) return;
        const ssize_t sent =
            ::send(connection.fd.get(), batch_.data(), batch_.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(batch_.size())) connection.outstanding = plan_.depth;
    }

    void count(Connection& connection) {
        std::size_t at = 0;
        for (;;) {
            const auto head_end = connection.read.find(kHeadEnd, at);
            if (head_end == std::string::npos) break;
            const std::size_t end = head_end + kHeadEnd.size() + plan_.body_size;
            if (connection.read.size() < end) break;
            at = end;
            answers_.fetch_add(1, std::memory_order_relaxed);
            if (connection.outstanding > 0) --connection.outstanding;
        }
        connection.read.erase(0, at);
    }

    const HammerPlan& plan_;
    std::atomic<std::uint64_t>& answers_;
    os::UniqueFd epoll_;
    std::string batch_;
    std::vector<Connection> connections_;
};

}  // namespace

Hammer::Hammer(HammerPlan plan) : plan_(std::move(plan)), thread_([this] { run(); }) {}

Hammer::~Hammer() {
    stop_ = true;
    thread_.join();
}

void Hammer::run() {
    Engine engine(plan_, answers_);
    while (!stop_.load(std::memory_order_relaxed))
        engine.turn();
}

}  // namespace mpmd::test

#pragma once

// Thousands of clients in one thread: each connects, sends the same bytes and, when asked to, reads
// one response with a Content-Length. Nothing moves outside pump(): idle clients stay idle.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

struct CrowdPlan {
    std::uint16_t port = 0;
    std::size_t clients = 0;
    std::string bytes;            // what each sends
    bool reads_response = false;  // one; then it stays, silent
};

class Crowd {
public:
    explicit Crowd(CrowdPlan plan);

    // Moves on until all are settled (answered, or sent when no response is awaited, or closed), or
    // nothing has happened for soon(quiet).
    void settle(std::chrono::milliseconds quiet);
    void pump(std::chrono::milliseconds duration);
    // Everybody sends this and, as before, may read one response.
    void send_again(const std::string& bytes);

    [[nodiscard]] std::size_t settled() const { return settled_; }
    [[nodiscard]] std::size_t answered() const;  // whole responses, of all
    [[nodiscard]] std::size_t closed() const;    // by the server
    [[nodiscard]] std::size_t open() const { return clients_.size() - closed(); }
    [[nodiscard]] std::vector<std::uint16_t> local_ports() const;  // of those that are open
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    struct Client {
        os::UniqueFd fd;
        std::size_t sent = 0;
        std::string read;
        std::size_t answers = 0;
        bool settled = false;
        bool closed = false;
    };
    bool step(int timeout_ms);  // false: nothing happened
    void move(Client& client);
    void read(Client& client);
    void settle_one(Client& client);
    void watch(Client& client, std::uint32_t index, int operation);

    CrowdPlan plan_;
    os::UniqueFd epoll_;
    std::vector<Client> clients_;
    std::size_t settled_ = 0;
    std::string trouble_;
};

}  // namespace mpmd::test

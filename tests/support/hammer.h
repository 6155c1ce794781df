#pragma once

// Load without pause, to saturate listeners: one thread keeps `clients` connections busy with
// batches of pipelined requests for one file and counts whole answers. It costs the machine far
// less than the server that answers. A connection that the server closes is opened again.

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace mpmd::test {

struct HammerPlan {
    std::uint16_t port = 0;
    std::string path;
    std::size_t body_size = 0;
    std::size_t clients = 64;
    std::size_t depth = 8;  // requests a batch
};

class Hammer {
public:
    explicit Hammer(HammerPlan plan);  // starts
    ~Hammer();
    Hammer(const Hammer&) = delete;
    Hammer& operator=(const Hammer&) = delete;
    [[nodiscard]] std::uint64_t answers() const { return answers_.load(); }

private:
    void run();

    HammerPlan plan_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> answers_{0};
    std::thread thread_;
};

}  // namespace mpmd::test

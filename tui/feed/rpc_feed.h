#pragma once

// The feed of a real server: frames by WatchScoreboard, answers by unary calls. Two threads, joined
// by the destructor: "top-frames" keeps the stream open and opens it again after a loss (0.5 s, 1
// s, then every 2 s), "top-calls" makes one call at a time. A check of a change that is still
// waiting is replaced by a newer one.

#include <memory>
#include <string>

#include "tui/feed/feed.h"

namespace mpmd::tui {

class RpcFeed : public Feed {
public:
    // `target` as gRPC takes it: "unix:/run/mpmd/main/control.sock". Does not connect before the
    // first Watch.
    explicit RpcFeed(std::string target);
    ~RpcFeed() override;

    void ask(const Intent& intent) override;
    [[nodiscard]] std::vector<Event> take() override;
    [[nodiscard]] int wake_fd() const override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mpmd::tui

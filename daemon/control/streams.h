#pragma once

// The two streams of the API. A stream has one message on its way and at most one that waits: the
// newest; what a slow reader misses is counted (`coalesced`). Equal frames are made and serialised
// once per tick for all who asked. A reader that takes nothing for 30 s is told RESOURCE_EXHAUSTED,
// and let go for good 30 s later.
//
// Ticks come on the sampler's thread, the rest on gRPC's. One of the few files that know gRPC.

#include <map>
#include <memory>
#include <set>

#include <grpcpp/grpcpp.h>

#include "daemon/control/frame.h"
#include "daemon/control/gate.h"
#include "daemon/control/services.h"
#include "daemon/control/watchers.h"

namespace mpmd::control {

// Serialised frames of the newest sample, by request. The sampler's thread only.
class FrameCache {
public:
    FrameCache(const scoreboard::View& view, Names& names) : view_(view), names_(names) {}
    [[nodiscard]] grpc::Slice frame(const SamplePtr& sample, const FrameRequest& request);

private:
    const scoreboard::View view_;
    Names& names_;
    std::uint64_t number_ = 0;
    std::map<std::string, grpc::Slice> frames_;
    bool collected_ = false;
    std::vector<ConnectionFacts> connections_;
};

class Stream;

class Streams {
public:
    using Reactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;
    Streams(const Api& api, const Gate& gate, Watchers& watchers);
    ~Streams();
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    [[nodiscard]] Reactor* watch_scoreboard(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* request);
    [[nodiscard]] Reactor* watch_operation(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request);
    // Ends all of them with UNAVAILABLE / STOPPING.
    void close();

private:
    friend class Stream;
    void enlist(const std::shared_ptr<Stream>& stream);

    const Api& api_;
    const Gate& gate_;
    Watchers& watchers_;
    FrameCache frames_;
    os::Mutex mutex_;
    std::map<Stream*, std::weak_ptr<Stream>> open_ GUARDED_BY(mutex_);
    bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace mpmd::control

#include "daemon/control/streams.h"

#include <optional>

#include <fmt/format.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "daemon/control/convert.h"
#include "daemon/control/grpc_status.h"

namespace mpmd::control {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kStalled = seconds(30);
constexpr auto kHeartbeat = seconds(5);
constexpr auto kUsualInterval = milliseconds(1000);
constexpr auto kLongestInterval = milliseconds(60000);

grpc::Slice slice_of(const google::protobuf::MessageLite& message) {
    return grpc::Slice(message.SerializeAsString());
}

template <class Message>
bool parse(const grpc::ByteBuffer& bytes, Message& out) {
    grpc::ByteBuffer copy = bytes;
    return grpc::SerializationTraits<Message>::Deserialize(&copy, &out).ok();
}

Failure unreadable() {
    return {Code::InvalidArgument, "BAD_REQUEST", "the request could not be read", {}, {}};
}

Failure stopping() {
    return {Code::Unavailable,
            "STOPPING",
            "the control process is stopping; connect again",
            {{"retry_seconds", "1"}},
            {}};
}

}  // namespace

// One open stream. gRPC's reactor and the sampler both hold it; the reactor goes first.
class Stream : public Subscriber, public std::enable_shared_from_this<Stream> {
public:
    Stream(grpc::CallbackServerContext* context, std::unique_ptr<Watchers::Pass> pass)
        : context_(context), pass_(std::move(pass)) {}

    std::optional<MonoTime> tick(const SamplePtr& sample) final;

    // ---- from gRPC ----
    [[nodiscard]] Streams::Reactor* reactor();
    void written(bool ok);
    void cancelled();
    void done();

    void finish(const grpc::Status& status);

protected:
    // The next message, when one is due; `end` set: the stream ends after it.
    struct Next {
        std::optional<grpc::ByteBuffer> message;
        std::optional<grpc::Status> end;
        MonoTime again;
    };
    // On the sampler's thread. `missed`: messages that were replaced by a newer one since the last
    // that was sent.
    virtual Next next(const SamplePtr& sample, std::uint32_t missed) = 0;

private:
    class StreamReactor;

    void send(grpc::ByteBuffer message) REQUIRES(mutex_);
    void finish_locked(const grpc::Status& status) REQUIRES(mutex_);

    os::Mutex mutex_;
    grpc::CallbackServerContext* context_ GUARDED_BY(mutex_);
    Streams::Reactor* reactor_ GUARDED_BY(mutex_) = nullptr;  // null after done()
    std::unique_ptr<Watchers::Pass> pass_ GUARDED_BY(mutex_);
    grpc::ByteBuffer current_ GUARDED_BY(mutex_);
    std::optional<grpc::ByteBuffer> waiting_ GUARDED_BY(mutex_);
    std::optional<grpc::Status> end_ GUARDED_BY(mutex_);  // after what waits
    bool writing_ GUARDED_BY(mutex_) = false;
    bool finished_ GUARDED_BY(mutex_) = false;
    bool abandoned_ GUARDED_BY(mutex_) = false;
    std::uint32_t missed_ GUARDED_BY(mutex_) = 0;
    MonoTime last_look_ GUARDED_BY(mutex_){};
    MonoTime write_began_ GUARDED_BY(mutex_){};
};

class Stream::StreamReactor final : public Streams::Reactor {
public:
    explicit StreamReactor(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
    void OnWriteDone(bool ok) override { stream_->written(ok); }
    void OnCancel() override { stream_->cancelled(); }
    void OnDone() override {
        stream_->done();
        delete this;
    }

private:
    const std::shared_ptr<Stream> stream_;
};

Streams::Reactor* Stream::reactor() {
    const os::Lock lock(mutex_);
    reactor_ = new StreamReactor(shared_from_this());  // gRPC's until OnDone
    return reactor_;
}

void Stream::send(grpc::ByteBuffer message) {
    current_ = std::move(message);
    writing_ = true;
    write_began_ = last_look_;
    reactor_->StartWrite(&current_);
}

void Stream::finish_locked(const grpc::Status& status) {
    if (finished_ || reactor_ == nullptr) return;
    finished_ = true;
    waiting_.reset();
    reactor_->Finish(status);
}

void Stream::finish(const grpc::Status& status) {
    const os::Lock lock(mutex_);
    finish_locked(status);
}

std::optional<MonoTime> Stream::tick(const SamplePtr& sample) {
    std::uint32_t missed = 0;
    {
        const os::Lock lock(mutex_);
        if (reactor_ == nullptr) return std::nullopt;
        last_look_ = sample->mono;
        const auto stuck = writing_ ? sample->mono - write_began_ : Nanoseconds(0);
        if (finished_) {
            // Its status waits behind data that nobody takes.
            if (stuck > 2 * kStalled && !abandoned_) {
                abandoned_ = true;
                context_->TryCancel();
            }
            return sample->mono + kHeartbeat;
        }
        if (stuck > kStalled) {
            finish_locked(status_of({Code::ResourceExhausted,
                                     "WATCHER_STALLED",
                                     "nothing of this stream was read for 30 s",
                                     {{"limit_seconds", "30"}},
                                     {}}));
            return sample->mono + kHeartbeat;
        }
        if (end_) return std::nullopt;
        missed = missed_ + (waiting_ ? 1 : 0);
    }
    Next next = this->next(sample, missed);
    const os::Lock lock(mutex_);
    if (reactor_ == nullptr || finished_) return std::nullopt;
    if (next.message) {
        if (writing_) {
            missed_ = missed;
            waiting_ = std::move(*next.message);
        } else {
            missed_ = 0;
            send(std::move(*next.message));
        }
    }
    if (next.end) {
        end_ = std::move(next.end);
        if (!writing_) finish_locked(*end_);
        return std::nullopt;
    }
    return next.again;
}

void Stream::written(bool ok) {
    const os::Lock lock(mutex_);
    writing_ = false;
    if (finished_) return;
    if (!ok) {
        finish_locked(grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone"));
        return;
    }
    if (waiting_) {
        grpc::ByteBuffer message = std::move(*waiting_);
        waiting_.reset();
        missed_ = 0;
        send(std::move(message));
    } else if (end_) {
        finish_locked(*end_);
    }
}

void Stream::cancelled() {
    finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone"));
}

void Stream::done() {
    const os::Lock lock(mutex_);
    reactor_ = nullptr;
    context_ = nullptr;
    pass_.reset();
}

namespace {

// A stream that never began: it has nothing but a status.
class Refused final : public Streams::Reactor {
public:
    explicit Refused(const Failure& failure) { Finish(status_of(failure)); }
    void OnDone() override { delete this; }
};

class ScoreboardStream final : public Stream {
public:
    struct Parts {
        FrameRequest request;
        milliseconds interval;
        grpc::Slice caller;  // what only this caller has
    };
    ScoreboardStream(grpc::CallbackServerContext* context,
                     std::unique_ptr<Watchers::Pass> pass,
                     FrameCache& frames,
                     Parts parts)
        : Stream(context, std::move(pass)), frames_(frames), parts_(std::move(parts)) {}

protected:
    Next next(const SamplePtr& sample, std::uint32_t missed) override {
        Next next;
        // Ticks lie on a grid: one that comes a little early is in time.
        if (sample->mono + Sampler::kFastest / 2 >= next_frame_) {
            next.message = frame(sample, missed);
            next_frame_ += parts_.interval;
            if (next_frame_ <= sample->mono) next_frame_ = sample->mono + parts_.interval;
        } else {
            next.message = heartbeat(*sample);
        }
        next.again = std::min(next_frame_, sample->mono + kHeartbeat);
        return next;
    }

private:
    // Messages merge when their bytes are joined: the shared frame, then what is this stream's
    // alone.
    grpc::ByteBuffer frame(const SamplePtr& sample, std::uint32_t missed) {
        v1::ScoreboardFrame own;
        own.set_coalesced(missed);
        own.mutable_granted_interval()->set_seconds(parts_.interval.count() / 1000);
        own.mutable_granted_interval()->set_nanos(
            static_cast<std::int32_t>(parts_.interval.count() % 1000 * 1'000'000));
        const std::array<grpc::Slice, 3> slices = {frames_.frame(sample, parts_.request),
                                                   parts_.caller, slice_of(own)};
        return {slices.data(), slices.size()};
    }

    static grpc::ByteBuffer heartbeat(const Sample& sample) {
        v1::ScoreboardFrame frame;
        frame.set_epoch(sample.snapshot.global.epoch);
        frame.set_number(sample.number);
        frame.set_kind(v1::FRAME_KIND_HEARTBEAT);
        set_time(frame.mutable_sample_time(), static_cast<std::uint64_t>(to_us(sample.wall)));
        const grpc::Slice slice = slice_of(frame);
        return {&slice, 1};
    }

    FrameCache& frames_;
    const Parts parts_;
    MonoTime next_frame_{};
};

class OperationStream final : public Stream {
public:
    OperationStream(grpc::CallbackServerContext* context,
                    std::unique_ptr<Watchers::Pass> pass,
                    OperationBook& book,
                    std::uint64_t number,
                    std::uint64_t after)
        : Stream(context, std::move(pass)), book_(book), number_(number), sent_(after) {}

protected:
    Next next(const SamplePtr& sample, std::uint32_t) override {
        Next next;
        next.again = sample->mono + 2 * Sampler::kFastest;
        const auto operation = book_.shown(number_, *sample);
        if (!operation) {
            next.end = status_of({Code::NotFound,
                                  "GONE",
                                  fmt::format("{} is no longer shown", operation_name(number_)),
                                  {{"operation", operation_name(number_)}},
                                  {}});
            return next;
        }
        const bool over = operation->state() >= v1::OPERATION_STATE_SUCCEEDED;
        if (operation->update() > sent_ || (over && !told_)) {
            sent_ = operation->update();
            told_ = true;
            const grpc::Slice slice = slice_of(*operation);
            next.message = grpc::ByteBuffer(&slice, 1);
        }
        if (over) next.end = grpc::Status::OK;
        return next;
    }

private:
    OperationBook& book_;
    const std::uint64_t number_;
    std::uint64_t sent_;
    bool told_ = false;
};

Outcome<milliseconds> read_interval(const v1::WatchScoreboardRequest& request) {
    if (!request.has_interval()) return milliseconds(kUsualInterval);
    const auto& asked = request.interval();
    if (asked.seconds() < 0 || asked.nanos() < 0 || asked.seconds() > kLongestInterval / seconds(1))
        return refuse({Code::InvalidArgument,
                       "VALUE_OUT_OF_RANGE",
                       "interval is 100 ms to 60 s",
                       {{"minimum_ms", "100"}, {"maximum_ms", "60000"}},
                       {{"interval", "100 ms to 60 s"}}});
    const milliseconds interval(asked.seconds() * 1000 + asked.nanos() / 1'000'000);
    return std::clamp<milliseconds>(interval, Sampler::kFastest, kLongestInterval);
}

}  // namespace

grpc::Slice FrameCache::frame(const SamplePtr& sample, const FrameRequest& request) {
    if (sample->number != number_) {
        number_ = sample->number;
        frames_.clear();
        connections_.clear();
        collected_ = false;
    }
    const auto known = frames_.find(request.key);
    if (known != frames_.end()) return known->second;
    if (request.rows() && !collected_) {
        connections_ = collect_connections(view_, *sample);
        collected_ = true;
    }
    grpc::Slice slice = slice_of(frame_of(view_, *sample, request, connections_, names_));
    frames_.emplace(request.key, slice);
    return slice;
}

Streams::Streams(const Api& api, const Gate& gate, Watchers& watchers)
    : api_(api), gate_(gate), watchers_(watchers), frames_(api.sampler.view(), api.names) {}

Streams::~Streams() {
    close();
}

void Streams::enlist(const std::shared_ptr<Stream>& stream) {
    {
        const os::Lock lock(mutex_);
        if (!closed_) {
            for (auto entry = open_.begin(); entry != open_.end();)
                entry = entry->second.expired() ? open_.erase(entry) : std::next(entry);
            open_[stream.get()] = stream;
            api_.sampler.subscribe(stream);
            return;
        }
    }
    stream->finish(status_of(stopping()));
}

void Streams::close() {
    std::map<Stream*, std::weak_ptr<Stream>> open;
    {
        const os::Lock lock(mutex_);
        closed_ = true;
        open.swap(open_);
    }
    for (const auto& [raw, weak] : open)
        if (const auto stream = weak.lock()) stream->finish(status_of(stopping()));
}

Streams::Reactor* Streams::watch_scoreboard(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* bytes) {
    const auto caller =
        gate_.enter("/mpm.control.v1.ScoreboardService/WatchScoreboard", context->peer(), "");
    if (!caller) return new Refused(caller.error());
    v1::WatchScoreboardRequest request;
    if (!parse(*bytes, request)) return new Refused(unreadable());
    auto frame = FrameRequest::read(request.level(), request.connections());
    if (!frame) return new Refused(frame.error());
    const auto interval = read_interval(request);
    if (!interval) return new Refused(interval.error());
    auto pass = watchers_.enter(caller->peer->uid);
    if (!pass) return new Refused(pass.error());
    v1::ScoreboardFrame own;
    add_caller(api_, *caller, *own.mutable_server());
    const auto stream = std::make_shared<ScoreboardStream>(
        context, std::move(*pass), frames_,
        ScoreboardStream::Parts{std::move(*frame), *interval, slice_of(own)});
    Reactor* reactor = stream->reactor();
    enlist(stream);
    return reactor;
}

Streams::Reactor* Streams::watch_operation(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* bytes) {
    const auto caller =
        gate_.enter("/mpm.control.v1.OperationService/WatchOperation", context->peer(), "");
    if (!caller) return new Refused(caller.error());
    v1::WatchOperationRequest request;
    if (!parse(*bytes, request)) return new Refused(unreadable());
    const auto number = operation_number(request.name());
    if (!number || !api_.operations.shown(*number))
        return new Refused({Code::NotFound,
                            "GONE",
                            "there is no such operation to watch; mpmctl ops lists them",
                            {},
                            {}});
    auto pass = watchers_.enter(caller->peer->uid);
    if (!pass) return new Refused(pass.error());
    const auto stream = std::make_shared<OperationStream>(
        context, std::move(*pass), api_.operations, *number, request.after_update());
    Reactor* reactor = stream->reactor();
    enlist(stream);
    return reactor;
}

}  // namespace mpmd::control

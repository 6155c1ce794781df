#include "tui/feed/rpc_feed.h"

#include <deque>
#include <optional>
#include <thread>

#include <pthread.h>

#include "daemon/os/mutex.h"
#include "proto/client.h"
#include "tui/feed/mailbox.h"

namespace mpmd::tui {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRetry{500};
constexpr milliseconds kLongestRetry{2000};
constexpr int kInvalidArgument = 3;

v1::WatchScoreboardRequest request_of(const WatchSpec& spec) {
    v1::WatchScoreboardRequest request;
    request.set_level(spec.level);
    request.mutable_interval()->set_seconds(spec.interval.count() / 1000);
    request.mutable_interval()->set_nanos(static_cast<std::int32_t>(spec.interval.count() % 1000) *
                                          1'000'000);
    request.mutable_connections()->set_filter(spec.filter);
    request.mutable_connections()->set_order_by(spec.order_by);
    request.mutable_connections()->set_limit(spec.limit);
    request.mutable_connections()->set_offset(spec.offset);
    return request;
}

}  // namespace

class RpcFeed::Impl {
public:
    explicit Impl(std::string target) : target_(std::move(target)), calls_client_(target_) {
        frames_thread_ = std::thread([this] { watch(); });
        calls_thread_ = std::thread([this] { make_calls(); });
        ::pthread_setname_np(frames_thread_.native_handle(), "top-frames");
        ::pthread_setname_np(calls_thread_.native_handle(), "top-calls");
    }

    ~Impl() {
        {
            const os::Lock lock(mutex_);
            stop_ = true;
            if (stream_) stream_->cancel();
            calls_client_.cancel();  // a server that hangs must not hold the shell's prompt
            changed_.notify_all();
        }
        frames_thread_.join();
        calls_thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void ask(const Intent& intent) EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        if (const auto* watch = std::get_if<Watch>(&intent)) {
            spec_ = watch->spec;
            ++version_;
            if (stream_) stream_->cancel();
        } else {
            const bool check = std::holds_alternative<CheckChange>(intent);
            if (check && !calls_.empty() && std::holds_alternative<CheckChange>(calls_.back()))
                calls_.pop_back();
            calls_.push_back(intent);
        }
        changed_.notify_all();
    }

    Mailbox box;

private:
    // ---- "top-frames" ----

    void watch() EXCLUDES(mutex_) {
        std::uint64_t seen = 0;
        milliseconds retry{0};
        while (const std::optional<WatchSpec> spec = next_watch(seen, retry)) {
            bool fed = false;
            const api::CallError error = stream(*spec, seen, fed);
            if (fed) retry = milliseconds(0);
            if (is_outdated(seen)) continue;
            if (error.code == kInvalidArgument) {
                box.put(WatchRefused{*spec, error});
                wait_for_another(seen);
                continue;
            }
            retry = retry.count() == 0 ? kFirstRetry : std::min(retry * 2, kLongestRetry);
            box.put(LinkChanged{Link::Lost, error, retry});
        }
    }

    // Waits for `pause`, then for something to watch; nothing when it is time to go.
    std::optional<WatchSpec> next_watch(std::uint64_t& seen, milliseconds pause) EXCLUDES(mutex_) {
        const auto until = std::chrono::steady_clock::now() + pause;
        const os::Lock lock(mutex_);
        while (!stop_ && std::chrono::steady_clock::now() < until)
            (void)changed_.wait_for(mutex_, until - std::chrono::steady_clock::now());
        while (!stop_ && version_ == 0)
            changed_.wait(mutex_);
        if (stop_) return std::nullopt;
        seen = version_;
        // A client can be cancelled once: each stream has its own.
        stream_ = std::make_unique<api::ControlClient>(target_);
        return spec_;
    }

    api::CallError stream(const WatchSpec& spec, std::uint64_t seen, bool& fed) EXCLUDES(mutex_) {
        return stream_->watch_scoreboard(request_of(spec), [&](v1::ScoreboardFrame&& frame) {
            if (is_outdated(seen)) return false;
            fed = true;
            box.put(
                FrameArrived{std::make_shared<const v1::ScoreboardFrame>(std::move(frame)), spec});
            return true;
        });
    }

    bool is_outdated(std::uint64_t seen) EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        return stop_ || version_ != seen;
    }

    void wait_for_another(std::uint64_t seen) EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        while (!stop_ && version_ == seen)
            changed_.wait(mutex_);
    }

    // ---- "top-calls" ----

    void make_calls() EXCLUDES(mutex_) {
        while (const std::optional<Intent> intent = next_call()) {
            if (std::holds_alternative<ListDirectives>(*intent)) {
                v1::ListDirectivesRequest request;
                request.set_overridable_only(true);
                box.put(DirectivesListed{calls_client_.list_directives(request)});
            } else if (const auto* check = std::get_if<CheckChange>(&*intent)) {
                box.put(
                    ChangeChecked{check->ticket, calls_client_.update_directives(check->request)});
            } else if (const auto* apply = std::get_if<ApplyChange>(&*intent)) {
                v1::UpdateDirectivesRequest request = apply->request;
                request.set_request_id(api::new_request_id());
                box.put(ChangeApplied{calls_client_.update_directives(request)});
            } else if (const auto* restart = std::get_if<StartRestart>(&*intent)) {
                v1::RestartChildrenRequest request = restart->request;
                request.set_request_id(api::new_request_id());
                box.put(RestartStarted{calls_client_.restart_children(request)});
            }
        }
    }

    std::optional<Intent> next_call() EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        while (!stop_ && calls_.empty())
            changed_.wait(mutex_);
        if (stop_) return std::nullopt;
        Intent intent = std::move(calls_.front());
        calls_.pop_front();
        return intent;
    }

    const std::string target_;
    api::ControlClient calls_client_;  // used by "top-calls"; the destructor cancels it

    os::Mutex mutex_;
    os::CondVar changed_;
    bool stop_ GUARDED_BY(mutex_) = false;
    WatchSpec spec_ GUARDED_BY(mutex_);
    std::uint64_t version_ GUARDED_BY(mutex_) = 0;  // of spec_; 0: nothing was asked for
    std::deque<Intent> calls_ GUARDED_BY(mutex_);
    // Replaced by "top-frames" under the lock; others only cancel it, under the lock.
    std::unique_ptr<api::ControlClient> stream_;

    std::thread frames_thread_;
    std::thread calls_thread_;
};

RpcFeed::RpcFeed(std::string target) : impl_(std::make_unique<Impl>(std::move(target))) {}
RpcFeed::~RpcFeed() = default;

void RpcFeed::ask(const Intent& intent) {
    impl_->ask(intent);
}

std::vector<Event> RpcFeed::take() {
    return impl_->box.take();
}

int RpcFeed::wake_fd() const {
    return impl_->box.fd();
}

}  // namespace mpmd::tui

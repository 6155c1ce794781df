// The dashboard on a made-up server, for the terminal tests: `fake_top [--batch N]`.
// FAKE_TOP=silent sends one frame and then nothing, FAKE_TOP=lost loses the connection after the
// third frame, FAKE_TOP=absent has no server at all.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/unit/tui/sample.h"
#include "tui/dashboard.h"

namespace {

using namespace mpmd::tui;

class FakeFeed : public Feed {
public:
    explicit FakeFeed(std::string mode)
        : mode_(std::move(mode)),
          timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {}

    void ask(const Intent& intent) override {
        if (const auto* watch = std::get_if<Watch>(&intent)) {
            spec_ = watch->spec;
            arm();
        } else if (std::holds_alternative<ListDirectives>(intent)) {
            answers_.emplace_back(DirectivesListed{sample::directives()});
            arm();
        } else if (const auto* check = std::get_if<CheckChange>(&intent)) {
            v1::UpdateDirectivesResponse response;
            response.set_prediction("no restart");
            answers_.emplace_back(ChangeChecked{check->ticket, response});
            arm();
        }
    }

    std::vector<Event> take() override {
        std::uint64_t expirations = 0;
        if (::read(timer_.get(), &expirations, sizeof expirations) != sizeof expirations) return {};
        std::vector<Event> out = std::exchange(answers_, {});
        if (mode_ == "absent" || (mode_ == "lost" && tick_ >= 3)) {
            out.emplace_back(
                LinkChanged{Link::Lost, sample::failure("nobody there"), std::chrono::seconds(2)});
        } else if (mode_ != "silent" || tick_ == 0) {
            out.emplace_back(FrameArrived{sample::frame(spec_, {9, 25, 10'000}, tick_++), spec_});
        }
        return out;
    }

    int wake_fd() const override { return timer_.get(); }

private:
    void arm() {  // at once, then at the interval
        itimerspec when{};
        when.it_value.tv_nsec = 1;
        when.it_interval.tv_sec = spec_.interval.count() / 1000;
        when.it_interval.tv_nsec = spec_.interval.count() % 1000 * 1'000'000;
        (void)::timerfd_settime(timer_.get(), 0, &when, nullptr);
    }

    std::string mode_;
    mpmd::os::UniqueFd timer_;
    WatchSpec spec_;
    std::vector<Event> answers_;
    int tick_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const char* const mode = std::getenv("FAKE_TOP");
    FakeFeed feed(mode == nullptr ? "" : mode);
    DashboardOptions options;
    options.interval = std::chrono::milliseconds(200);
    options.batch = argc == 3 && std::strcmp(argv[1], "--batch") == 0;
    if (options.batch) options.frames = std::atoi(argv[2]);
    const auto end = run_dashboard(options, feed);
    if (end) return *end;
    std::fprintf(stderr, "fake_top: %s\n", end.error().message.c_str());
    return 3;
}

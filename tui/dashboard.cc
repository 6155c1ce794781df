#include "tui/dashboard.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/clock.h"
#include "tui/model/layout.h"
#include "tui/model/update.h"
#include "tui/screens/draw.h"
#include "tui/terminal/signals.h"
#include "tui/terminal/terminal.h"

namespace mpmd::tui {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{1000};
constexpr milliseconds kFrameGap{100};      // ten pictures a second at most, keys apart
constexpr milliseconds kFirstAnswer{1000};  // how long an empty terminal waits for the first word
constexpr Seconds kFirstFrame{5};           // how long a pipe waits for it
constexpr int kDeadlineExceeded = 4;        // as gRPC numbers it
constexpr int kExitUsage = 2;

std::int64_t utc_offset() {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    (void)::localtime_r(&now, &local);
    return local.tm_gmtoff;
}

Reaction step(Model& model, const Event& event, Feed& feed) {
    Reaction reaction = update(model, event, os::mono_now());
    for (const Intent& intent : reaction.intents)
        feed.ask(intent);
    return reaction;
}

void complain(const std::string& message) {
    (void)std::fprintf(stderr, "mpmctl: %s\n", message.c_str());
}

// Waits for the feed; returns what came, nothing when the time is up or a signal came.
std::vector<Event> wait_for_feed(Feed& feed, milliseconds longest) {
    pollfd waiting{feed.wake_fd(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(longest.count())) <= 0) return {};
    return feed.take();
}

// ---- the console ----

class Console {
public:
    Console(Model& model, Feed& feed, Terminal& terminal, SignalPipe& signals)
        : model_(model), feed_(feed), terminal_(terminal), signals_(signals) {}

    int run();

private:
    void apply(const Event& event);
    void read_keys();
    void read_signals();
    void adopt_window();
    void read_feed();
    void draw_if_due();
    [[nodiscard]] milliseconds patience() const;

    Model& model_;
    Feed& feed_;
    Terminal& terminal_;
    SignalPipe& signals_;
    bool draw_ = true;
    bool repaint_ = true;
    bool at_once_ =
        true;  // a key was pressed: the answer does not wait for the next picture's turn
    std::optional<int> exit_code_;
    MonoTime drawn_at_;
    MonoTime ticked_at_;
    Nanoseconds gap_ = kFrameGap;
};

void Console::apply(const Event& event) {
    const Reaction reaction = step(model_, event, feed_);
    draw_ = draw_ || reaction.draw;
    repaint_ = repaint_ || reaction.repaint;
    if (reaction.quit) exit_code_ = 0;
}

void Console::read_keys() {
    while (const std::optional<Key> key = terminal_.next_key()) {
        apply(KeyPressed{*key});
        at_once_ = true;
        if (exit_code_) return;
    }
}

void Console::adopt_window() {
    terminal_.adopt_size();
    const TerminalSize size = terminal_.size();
    apply(Resized{size.width, size.height});
    at_once_ = true;
}

void Console::read_signals() {
    while (const std::optional<int> signal = signals_.next()) {
        if (*signal == SIGTSTP) {
            terminal_.suspend();
            signals_.stop_process();
        }
        if (*signal == SIGTSTP || *signal == SIGCONT) terminal_.resume();
        if (*signal == SIGTSTP || *signal == SIGCONT || *signal == SIGWINCH) {
            adopt_window();
        } else {
            exit_code_ = 128 + *signal;
            return;
        }
    }
}

void Console::read_feed() {
    for (const Event& event : feed_.take())
        apply(event);
}

// How long to wait: for the next tick, or for the turn of a picture that is due.
milliseconds Console::patience() const {
    const MonoTime now = os::mono_now();
    MonoTime until = ticked_at_ + kTick;
    if (draw_) until = std::min(until, drawn_at_ + gap_);
    return std::max(std::chrono::ceil<milliseconds>(until - now), milliseconds(0));
}

void Console::draw_if_due() {
    const MonoTime start = os::mono_now();
    if (!draw_ || (!at_once_ && start < drawn_at_ + gap_)) return;
    terminal_.paint(draw(model_), repaint_);
    drawn_at_ = os::mono_now();
    gap_ = std::max<Nanoseconds>(kFrameGap,
                                 2 * (drawn_at_ - start));  // a slow line gets fewer pictures
    draw_ = repaint_ = at_once_ = false;
}

int Console::run() {
    while (!exit_code_) {
        draw_if_due();
        pollfd waiting[] = {
            {STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}, {feed_.wake_fd(), POLLIN, 0}};
        (void)::poll(waiting, std::size(waiting), static_cast<int>(patience().count()));
        if (waiting[1].revents != 0) read_signals();
        if (exit_code_) break;
        const auto terminal = static_cast<unsigned>(waiting[0].revents);
        const bool gone = (terminal & (POLLHUP | POLLERR | POLLNVAL)) != 0;
        if (gone || ((terminal & POLLIN) != 0 && terminal_.hung_up())) return 128 + SIGHUP;
        if (terminal != 0) read_keys();
        if (waiting[2].revents != 0) read_feed();
        if (os::mono_now() >= ticked_at_ + kTick) {
            ticked_at_ = os::mono_now();
            apply(Tick{});
        }
    }
    return *exit_code_;
}

// What the very first word of the feed is. A daemon that is not there is an error of the command,
// not a console.
std::optional<Failure> first_word(Model& model, Feed& feed) {
    for (const Event& event : wait_for_feed(feed, kFirstAnswer)) {
        const auto* link = std::get_if<LinkChanged>(&event);
        if (link != nullptr && link->state == Link::Lost) return link->failure;
        (void)step(model, event, feed);
    }
    return std::nullopt;
}

api::Reply<int> run_console(const DashboardOptions& options, Model& model, Feed& feed) {
    Result<SignalPipe> signals = SignalPipe::open();
    if (!signals) {
        complain(signals.error().message);
        return kExitUsage;
    }
    (void)step(model, Tick{}, feed);
    if (const auto failure = first_word(model, feed)) return tl::unexpected<Failure>(*failure);
    Result<std::unique_ptr<Terminal>> terminal = Terminal::open({options.colour, options.ascii});
    if (!terminal) {
        complain(terminal.error().message);
        return kExitUsage;
    }
    const TerminalSize size = (*terminal)->size();
    model.ascii = (*terminal)->ascii();
    (void)step(model, Resized{size.width, size.height}, feed);
    return Console(model, feed, **terminal, *signals).run();
}

// ---- text ----

int columns_of_pipe() {
    const char* const columns = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe)
    const auto number = text::parse_int(columns == nullptr ? "" : columns);
    return number ? static_cast<int>(std::clamp<std::int64_t>(*number, kMinimumWidth, 500)) : 80;
}

// Prints the frame when `event` is one; false when stdout is gone.
bool print_frame(const Model& model, bool first) {
    const std::string text = (first ? "" : "\n") + draw_batch(model);
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return std::fflush(stdout) == 0 && written;
}

// How the output ends with this event, if it does.
std::optional<api::Reply<int>> batch_event(const Event& event,
                                           Model& model,
                                           int frames,
                                           int& printed) {
    if (const auto* link = std::get_if<LinkChanged>(&event)) {
        if (link->state != Link::Lost) return std::nullopt;
        if (printed == 0) return tl::unexpected<Failure>(link->failure);
        complain("connection lost: " + link->failure.message);
    }
    if (!std::holds_alternative<FrameArrived>(event)) return std::nullopt;
    if (!print_frame(model, printed == 0)) return 1;
    if (++printed == frames) return 0;
    return std::nullopt;
}

api::Reply<int> run_batch(const DashboardOptions& options, Model& model, Feed& feed) {
    model.width = columns_of_pipe();
    model.ascii = options.ascii || !locale_is_utf8();
    const MonoTime start = os::mono_now();
    (void)step(model, Tick{}, feed);
    int printed = 0;
    while (printed > 0 || os::mono_now() < start + kFirstFrame) {
        for (const Event& event : wait_for_feed(feed, kTick)) {
            (void)step(model, event, feed);
            if (const auto end = batch_event(event, model, options.frames, printed)) return *end;
        }
    }
    Failure failure;
    failure.code = kDeadlineExceeded;
    failure.message = "no answer";
    return tl::unexpected<Failure>(failure);
}

}  // namespace

api::Reply<int> run_dashboard(const DashboardOptions& options, Feed& feed) {
    Model model;
    model.interval = std::clamp(options.interval, milliseconds(100), milliseconds(60'000));
    model.utc_offset_seconds = utc_offset();
    if (options.batch) return run_batch(options, model, feed);
    if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0)
        return run_console(options, model, feed);
    DashboardOptions once = options;
    once.frames = 1;
    return run_batch(once, model, feed);
}

}  // namespace mpmd::tui

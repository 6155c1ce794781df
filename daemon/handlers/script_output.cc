#include "daemon/handlers/script_output.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <poll.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::handlers {

namespace {

constexpr std::size_t kPiece = std::size_t{8} * 1024;
// A client that sends its request and finishes sending is to be answered. One that finishes later
// has gone; who has closed and who has only finished cannot be told apart.
constexpr Milliseconds kTogether{50};
constexpr Milliseconds kDying{250};  // between its last word and its end

// However late we are with our first look.
bool has_finished_sending(int client) {
    pollfd wanted{client, POLLRDHUP, 0};
    return ::poll(&wanted, 1, 0) == 1 && wanted.revents == POLLRDHUP;
}

}  // namespace

ScriptOutput::ScriptOutput(std::unique_ptr<Script> script,
                           ScriptKeeper& keeper,
                           Milliseconds patience,
                           int client)
    : script_(std::move(script)),
      keeper_(keeper),
      patience_(patience),
      client_(client),
      half_closed_(has_finished_sending(client)) {}

ScriptOutput::~ScriptOutput() {
    if (!script_ || script_->reaped()) return;  // its number may be somebody else's by now
    const bool said_all = ended_ || (promised_ && given_ == *promised_);
    if (said_all)
        keeper_.let_finish(std::move(script_), os::mono_now() + patience_);
    else
        keeper_.end(std::move(script_));
}

bool ScriptOutput::await_output() {
    const MonoTime until = os::mono_now() + patience_;
    while (!ended_ && !broken()) {
        switch (script_->listen(until, client_, half_closed_)) {
            case Script::Heard::Output:
                return true;
            case Script::Heard::Silence:
                trouble_ = Trouble::Silence;
                script_->complain(
                    log::Level::Error,
                    fmt::format("said nothing for {} ms and is ended", patience_.count()));
                break;
            case Script::Heard::ClientEnd:
                if (os::mono_now() < script_->started() + kTogether) {
                    half_closed_ = true;
                    break;
                }
                [[fallthrough]];
            case Script::Heard::ClientGone:
                trouble_ = Trouble::ClientGone;
                script_->complain(log::Level::Info, "is ended: its client has gone");
                break;
        }
    }
    return false;
}

// 0: the end, or trouble.
std::size_t ScriptOutput::take(std::span<char> into) {
    while (await_output()) {
        const std::optional<std::size_t> got = script_->read(into);
        if (!got) continue;
        ended_ = *got == 0;
        return *got;
    }
    return 0;
}

CgiHead ScriptOutput::read_head() {
    std::array<char, kPiece> piece;
    for (;;) {
        const std::size_t got = take(piece);
        if (got == 0 && broken()) return {};
        ahead_.append(piece.data(), got);
        CgiHead head = parse_cgi_head(ahead_, got == 0);
        if (head.result == CgiHead::Result::NeedMore) continue;
        given_ahead_ = head.used;
        promised_ = head.content_length;
        return head;
    }
}

std::size_t ScriptOutput::read(std::span<char> into) {
    if (promised_)
        into = into.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), *promised_ - given_)));
    if (into.empty()) return 0;
    std::size_t size = std::min(into.size(), ahead_.size() - given_ahead_);
    if (size > 0) {
        std::memcpy(into.data(), ahead_.data() + given_ahead_, size);
        given_ahead_ += size;
        if (given_ahead_ == ahead_.size()) ahead_ = {}, given_ahead_ = 0;
    } else {
        size = take(into);
        if (size == 0 && ended_ && promised_)
            script_->complain(
                log::Level::Error,
                fmt::format("said {} bytes less than its Content-Length", *promised_ - given_));
    }
    given_ += size;
    return size;
}

void ScriptOutput::discard() {
    std::array<char, kPiece> piece;
    while (take(piece) > 0) {
    }
}

std::string ScriptOutput::its_end() {
    if (!ended_ || !script_->ends_until(os::mono_now() + kDying)) return {};
    static_cast<void>(script_->read_errors());
    keeper_.forget(*script_);
    return script_->reap();
}

}  // namespace mpmd::handlers

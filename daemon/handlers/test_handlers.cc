#include "daemon/handlers/test_handlers.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/time.h"
#include "daemon/handlers/error_page.h"
#include "daemon/os/clock.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::handlers {
namespace {

constexpr std::string_view kPrefix = "/mpmd-test/";
constexpr std::string_view kLines = "Content-Type: text/plain\r\n";
constexpr double kMaxSleep = 3600;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;

void text_answer(std::string text, http::Response& response) {
    auto owned = std::make_shared<const std::string>(std::move(text));
    response.headers = kLines;
    response.body = http::MemoryBody{*owned};
    response.owner = std::move(owned);
}

// A pattern that shows where a piece is missing: lines of 64 bytes.
void fill(std::span<char> into, std::uint64_t offset) {
    static constexpr std::string_view kLine =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n";
    static_assert(kLine.size() == 64);
    std::size_t done = 0;
    while (done < into.size()) {
        const auto at = static_cast<std::size_t>((offset + done) % kLine.size());
        const std::size_t n = std::min(kLine.size() - at, into.size() - done);
        std::memcpy(into.data() + done, kLine.data() + at, n);
        done += n;
    }
}

// `rate` bytes a second, 0 = unbounded.
class PatternSource final : public http::BodySource {
public:
    PatternSource(std::uint64_t size, std::uint64_t rate, bool measured)
        : size_(size), rate_(rate), measured_(measured), begin_(os::mono_now()) {}

    [[nodiscard]] std::size_t read(std::span<char> into) override {
        const std::uint64_t size = std::min<std::uint64_t>(into.size(), next_size());
        // Sleeps where nobody waited for not_before().
        const Nanoseconds wait =
            size > 0 && rate_ > 0 ? due_at(done_ + size) - os::mono_now() : Nanoseconds::zero();
        if (wait > Nanoseconds::zero()) std::this_thread::sleep_for(wait);
        fill(into.first(static_cast<std::size_t>(size)), done_);
        done_ += size;
        return static_cast<std::size_t>(size);
    }
    [[nodiscard]] std::optional<MonoTime> not_before() const override {
        if (rate_ == 0 || done_ == size_) return std::nullopt;
        return due_at(done_ + next_size());
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override {
        return measured_ ? std::optional(size_) : std::nullopt;
    }

private:
    // With a rate ten pieces a second.
    [[nodiscard]] std::uint64_t next_size() const {
        constexpr std::uint64_t kMost = 16384;
        const std::uint64_t piece =
            rate_ > 0 ? std::clamp<std::uint64_t>(rate_ / 10, 1, kMost) : kMost;
        return std::min(piece, size_ - done_);
    }
    [[nodiscard]] MonoTime due_at(std::uint64_t bytes) const {
        const double seconds = static_cast<double>(bytes) / static_cast<double>(rate_);
        return begin_ +
               std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
    }

    const std::uint64_t size_;
    const std::uint64_t rate_;
    const bool measured_;
    const MonoTime begin_;
    std::uint64_t done_ = 0;
};

// The request's body again, from where it is.
class EchoSource final : public http::BodySource {
public:
    EchoSource(os::UniqueFd file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

    [[nodiscard]] std::size_t read(std::span<char> into) override {
        const ssize_t got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(at_));
        if (got <= 0) return 0;
        at_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return size_; }

private:
    os::UniqueFd file_;
    std::uint64_t size_;
    std::uint64_t at_ = 0;
};

void echo_answer(const http::BodyView& body, http::Response& response) {
    if (body.file < 0) return text_answer(std::string(body.bytes), response);
    os::UniqueFd file(::fcntl(body.file, F_DUPFD_CLOEXEC, 0));
    if (!file) return error_page(503, response);
    response.headers = kLines;
    response.body = std::make_unique<EchoSource>(std::move(file), body.size);
}

void sleep_answer(std::string_view query, http::Response& response) {
    double seconds = 0;
    const char* const end = query.data() + query.size();
    const auto parsed = std::from_chars(query.data(), end, seconds, std::chars_format::fixed);
    if (parsed.ec != std::errc{} || parsed.ptr != end || !(seconds >= 0) || seconds > kMaxSleep)
        return error_page(400, response);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    text_answer(fmt::format("slept {} s\n", query), response);
}

void bytes_answer(std::string_view query, http::Response& response) {
    const std::optional<std::uint64_t> size = text::parse_uint(query);
    if (!size || *size > kMaxBytes) return error_page(400, response);
    response.headers = kLines;
    response.body = std::make_unique<PatternSource>(*size, 0, true);
}

void stream_answer(std::string_view query, http::Response& response) {
    const std::size_t ampersand = query.find('&');
    const std::optional<std::uint64_t> size = text::parse_uint(query.substr(0, ampersand));
    std::optional<std::uint64_t> rate = 0;
    if (ampersand != std::string_view::npos) {
        constexpr std::string_view kRate = "rate=";
        const std::string_view rest = query.substr(ampersand + 1);
        rate = rest.starts_with(kRate) ? text::parse_uint(rest.substr(kRate.size())) : std::nullopt;
    }
    if (!size || !rate || *size > kMaxBytes) return error_page(400, response);
    response.headers = kLines;
    response.body = std::make_unique<PatternSource>(*size, *rate, false);
}

void status_answer(std::string_view query, http::Response& response) {
    const std::optional<std::uint64_t> code = text::parse_uint(query);
    if (!code || *code < 200 || *code > 599) return error_page(400, response);
    const auto status = static_cast<std::uint16_t>(*code);
    error_page(status, response);
    if (status >= 300 || status == 204) return;
    text_answer(fmt::format("status {}\n", status), response);
}

void crash_answer(std::string_view query, http::Response& response) {
    struct Named {
        std::string_view name;
        int number;
    };
    static constexpr Named kSignals[] = {{"SEGV", SIGSEGV}, {"BUS", SIGBUS}, {"ABRT", SIGABRT},
                                         {"ILL", SIGILL},   {"FPE", SIGFPE}, {"KILL", SIGKILL},
                                         {"TERM", SIGTERM}};
    for (const Named& signal : kSignals) {
        const bool named = query == signal.name || text::parse_int(query) == signal.number;
        if (named || (query.empty() && signal.number == SIGSEGV)) {
            (void)std::raise(signal.number);
            return text_answer("survived\n", response);
        }
    }
    error_page(400, response);
}

}  // namespace

bool test_handler_wants_body(std::string_view raw_path) {
    const std::string_view name = raw_path.substr(kPrefix.size());
    return name == "bytes" || name == "echo";
}

bool is_test_path(std::string_view raw_path) {
    return raw_path.starts_with(kPrefix);
}

void run_test_handler(const http::Request& request,
                      const http::BodyView& body,
                      http::Response& response) {
    response.reset();
    struct Named {
        std::string_view name;
        void (*answer)(std::string_view query, http::Response& response);
    };
    static constexpr Named kHandlers[] = {{"sleep", sleep_answer},
                                          {"bytes", bytes_answer},
                                          {"stream", stream_answer},
                                          {"status", status_answer},
                                          {"crash", crash_answer}};
    const std::string_view name = request.raw_path.substr(kPrefix.size());
    const auto* found = std::find_if(std::begin(kHandlers), std::end(kHandlers),
                                     [&](const Named& handler) { return handler.name == name; });
    if (name == "echo") {
        echo_answer(body, response);
    } else if (found == std::end(kHandlers)) {
        error_page(404, response);
    } else {
        found->answer(request.query, response);
    }
    if (request.method == http::Method::Head) response.drop_body();
}

}  // namespace mpmd::handlers

#include "tests/support/checked_load.h"

#include <cerrno>
#include <cstring>
#include <random>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::test {
namespace {

struct Answer {
    enum class Kind { Whole, ClosedBeforeAnyByte, Broken } kind = Kind::Broken;
    int status = 0;
    bool close = false;
    std::string body;
    std::string trouble;
};

// One client connection: blocking, with a receive timeout far above anything that is fine.
class Client {
public:
    explicit Client(std::uint16_t port) {
        fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval patience{30, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const int one = 1;
        ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
            trouble_ = std::string("connect: ") + std::strerror(errno);
    }

    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] int answers() const { return answers_; }

    [[nodiscard]] bool send(const std::string& text) {
        std::size_t done = 0;
        while (done < text.size()) {
            const ssize_t n =
                ::send(fd_.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
            if (n <= 0) return false;
            done += static_cast<std::size_t>(n);
        }
        return true;
    }

    // `pause` after each piece makes a slow reader.
    Answer receive(std::chrono::milliseconds pause = std::chrono::milliseconds(0)) {
        Answer answer;
        std::size_t head_end = 0;
        while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos)
            if (!fill(answer, pause)) return answer;
        const std::string head = text::lower(buffer_.substr(0, head_end));
        const auto length_at = head.find("\r\ncontent-length: ");
        if (head.rfind("http/1.1 ", 0) != 0 || length_at == std::string::npos) {
            answer.trouble = "not a response with a length: " + text::escape(head.substr(0, 80));
            return answer;
        }
        answer.status = std::atoi(head.c_str() + 9);
        answer.close = head.find("\r\nconnection: close") != std::string::npos;
        const std::size_t length = std::strtoull(head.c_str() + length_at + 18, nullptr, 10);
        const std::size_t end = head_end + 4 + length;
        while (buffer_.size() < end)
            if (!fill(answer, pause)) {
                answer.kind = Answer::Kind::Broken;
                answer.trouble = "truncated: " + std::to_string(buffer_.size() - head_end - 4) +
                                 " of " + std::to_string(length) + " bytes, " + answer.trouble;
                return answer;
            }
        answer.body = buffer_.substr(head_end + 4, length);
        buffer_.erase(0, end);
        ++answers_;
        answer.kind = Answer::Kind::Whole;
        return answer;
    }

private:
    bool fill(Answer& answer, std::chrono::milliseconds pause) {
        char piece[16384];
        if (pause.count() > 0) std::this_thread::sleep_for(pause);
        const ssize_t n = ::recv(fd_.get(), piece, sizeof piece, 0);
        if (n > 0) {
            buffer_.append(piece, static_cast<std::size_t>(n));
            return true;
        }
        const bool gone = n == 0 || errno == ECONNRESET;
        answer.trouble = n == 0 ? "end of stream" : std::strerror(errno);
        answer.kind =
            gone && buffer_.empty() ? Answer::Kind::ClosedBeforeAnyByte : Answer::Kind::Broken;
        return false;
    }

    os::UniqueFd fd_;
    std::string buffer_;
    std::string trouble_;
    int answers_ = 0;
};

std::string get(const std::string& path, bool close = false) {
    return "GET " + path + " HTTP/1.1\r\nHost: load.test\r\n" +
           (close ? "Connection: close\r\n" : "") + "\r\n";
}

constexpr int kPipelineDepth = 8;
constexpr std::size_t kDescribed = 20;

}  // namespace

std::string describe(const LoadResult& result) {
    std::string out = std::to_string(result.failed) + " failed, " +
                      std::to_string(result.answered) + " answered, " +
                      std::to_string(result.retried) + " repeated, longest gap " +
                      std::to_string(result.longest_gap.count()) + " ms";
    for (std::size_t i = 0; i < result.failures.size() && i < kDescribed; ++i)
        out += "\n  " + result.failures[i];
    return out;
}

CheckedLoad::CheckedLoad(LoadPlan plan) : plan_(std::move(plan)) {
    for (const auto& file : plan_.files)
        if (file.first != plan_.big) paths_.push_back(file.first);
    last_answer_ = std::chrono::steady_clock::now();
    for (int i = 0; i < plan_.keep_alive; ++i)
        threads_.emplace_back([this, i] { keep_alive(static_cast<unsigned>(i)); });
    for (int i = 0; i < plan_.pipelined; ++i)
        threads_.emplace_back([this] { pipelined(); });
    for (int i = 0; i < plan_.closing; ++i)
        threads_.emplace_back([this] { closing(); });
    for (int i = 0; i < plan_.slow_readers && !plan_.big.empty(); ++i)
        threads_.emplace_back([this] { slow_reader(); });
}

CheckedLoad::~CheckedLoad() {
    static_cast<void>(stop());
}

LoadResult CheckedLoad::stop() {
    stop_ = true;
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    const std::lock_guard<std::mutex> lock(mutex_);
    result_.answered = answered_;
    result_.retried = retried_;
    result_.connections = connections_;
    return result_;
}

void CheckedLoad::note_answer() {
    answered_.fetch_add(1);
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto gap = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_answer_);
    if (gap > result_.longest_gap) result_.longest_gap = gap;
    last_answer_ = now;
}

void CheckedLoad::note_failure(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++result_.failed;
    if (result_.failures.size() < 100) result_.failures.push_back(what);
}

void CheckedLoad::keep_alive(unsigned seed) {
    std::minstd_rand random(seed + 1);
    std::size_t turn = seed;
    while (!stopping()) {
        Client client(plan_.port);
        ++connections_;
        if (!client.trouble().empty()) return note_failure("keep-alive: " + client.trouble());
        for (bool open = true; open && !stopping();) {
            const std::string& path = paths_[turn++ % paths_.size()];
            const bool sent = client.send(get(path));
            const Answer answer =
                sent ? client.receive()
                     : Answer{Answer::Kind::ClosedBeforeAnyByte, 0, true, {}, "send"};
            if (answer.kind == Answer::Kind::ClosedBeforeAnyByte && client.answers() > 0) {
                ++retried_;
                break;
            }
            if (answer.kind != Answer::Kind::Whole || answer.status != 200 ||
                answer.body != plan_.files.at(path)) {
                note_failure("keep-alive " + path + " after " + std::to_string(client.answers()) +
                             " answers: status " + std::to_string(answer.status) + " " +
                             answer.trouble);
                break;
            }
            note_answer();
            open = !answer.close;
            // Some clients think between requests: their connections are parked when a child is
            // told to drain.
            if (random() % 8 == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
        }
    }
}

void CheckedLoad::pipelined() {
    std::string batch;
    for (int i = 0; i < kPipelineDepth; ++i)
        batch += get(paths_[static_cast<std::size_t>(i) % paths_.size()]);
    while (!stopping()) {
        Client client(plan_.port);
        ++connections_;
        if (!client.trouble().empty()) return note_failure("pipelined: " + client.trouble());
        for (bool open = true; open && !stopping();) {
            const bool sent = client.send(batch);
            for (int i = 0; i < kPipelineDepth && open; ++i) {
                const std::string& path = paths_[static_cast<std::size_t>(i) % paths_.size()];
                const Answer answer = client.receive();
                if (i == 0 && client.answers() > 0 &&
                    answer.kind == Answer::Kind::ClosedBeforeAnyByte) {
                    ++retried_;
                    open = false;
                } else if (answer.kind != Answer::Kind::Whole || answer.status != 200 ||
                           answer.body != plan_.files.at(path)) {
                    note_failure("pipelined " + path + " number " + std::to_string(i) +
                                 " of a batch" + (sent ? "" : " that could not be sent whole") +
                                 ": status " + std::to_string(answer.status) + " " +
                                 answer.trouble);
                    open = false;
                } else {
                    note_answer();
                    open = !answer.close;  // announced: the rest of the batch is ours to repeat
                }
            }
        }
    }
}

void CheckedLoad::closing() {
    std::size_t turn = 0;
    while (!stopping()) {
        Client client(plan_.port);
        ++connections_;
        const std::string& path = paths_[turn++ % paths_.size()];
        if (!client.trouble().empty()) return note_failure("closing: " + client.trouble());
        static_cast<void>(client.send(get(path, true)));
        const Answer answer = client.receive();
        if (answer.kind == Answer::Kind::Whole && answer.status == 200 &&
            answer.body == plan_.files.at(path))
            note_answer();
        else
            note_failure("closing " + path + ": status " + std::to_string(answer.status) + " " +
                         answer.trouble);
    }
}

void CheckedLoad::slow_reader() {
    while (!stopping()) {
        Client client(plan_.port);
        ++connections_;
        if (!client.trouble().empty()) return note_failure("slow reader: " + client.trouble());
        static_cast<void>(client.send(get(plan_.big, true)));
        const Answer answer = client.receive(std::chrono::milliseconds(4));
        if (answer.kind == Answer::Kind::Whole && answer.status == 200 &&
            answer.body == plan_.files.at(plan_.big))
            note_answer();
        else
            note_failure("slow reader: status " + std::to_string(answer.status) + " " +
                         answer.trouble);
    }
}

}  // namespace mpmd::test

#include "tests/unit/child/client.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mpmd::test {

namespace {

constexpr int kPatience = 20'000;  // ms; ends a test that would wait for ever

std::size_t number_after(std::string_view head, std::string_view name, int base) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) return std::string::npos;
    std::size_t value = 0;
    const char* begin = head.data() + at + name.size();
    std::from_chars(begin, head.data() + head.size(), value, base);
    return value;
}

}  // namespace

std::string get(std::string_view target, std::string_view more_lines) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more_lines) +
           "\r\n";
}

Client::Client(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        throw std::runtime_error("cannot connect to the child");
}

void Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the reading side sees what happened
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool Client::fill() {
    pollfd wanted{fd_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, kPatience) <= 0) throw std::runtime_error("the child stays silent");
    std::array<char, 65536> bytes;
    const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) {
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
        return true;
    }
    reset_ = got < 0;
    return false;
}

std::string Client::take(std::size_t count) {
    while (buffer_.size() < count)
        if (!fill()) break;
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, taken.size());
    return taken;
}

std::string Client::take_until(std::string_view mark) {
    for (;;) {
        const std::size_t at = buffer_.find(mark);
        if (at != std::string::npos) return take(at + mark.size());
        if (!fill()) return {};
    }
}

Answer Client::read_answer(bool head_request) {
    Answer answer;
    answer.head = take_until("\r\n\r\n");
    if (answer.head.size() < 12) return answer;
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    if (head_request || answer.status < 200 || answer.status == 304 || answer.status == 204)
        return answer;
    if (answer.has("\r\nTransfer-Encoding: chunked\r\n")) {
        for (;;) {
            const std::string line = take_until("\r\n");
            const std::size_t size = number_after(line, "", 16);
            if (line.empty()) return answer;
            answer.body += take(size);
            [[maybe_unused]] const std::string line_end = take(2);
            if (size == 0) return answer;
        }
    }
    const std::size_t length = number_after(answer.head, "\r\nContent-Length: ", 10);
    if (length != std::string::npos) {
        answer.body = take(length);
        return answer;
    }
    while (fill()) {
    }
    answer.body = take(buffer_.size());
    return answer;
}

Answer Client::ask(std::string_view target, std::string_view more_lines) {
    send(get(target, more_lines));
    return read_answer();
}

bool Client::reads_end() {
    while (fill()) {
    }
    buffer_.clear();
    return !reset_;
}

bool Client::hears_within(std::chrono::milliseconds time) {
    if (!buffer_.empty()) return true;
    pollfd wanted{fd_.get(), POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

void Client::shut_writing() {
    ::shutdown(fd_.get(), SHUT_WR);
}

}  // namespace mpmd::test

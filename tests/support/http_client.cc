#include "tests/support/http_client.h"

#include <cstdlib>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/text.h"

namespace mpmd::test {
namespace {

std::map<std::string, std::string> parse_headers(const std::string& head) {
    std::map<std::string, std::string> headers;
    std::size_t at = head.find("\r\n");
    while (at != std::string::npos) {
        const std::size_t begin = at + 2;
        at = head.find("\r\n", begin);
        const std::string line = head.substr(begin, at == std::string::npos ? at : at - begin);
        const auto colon = line.find(':');
        if (colon == std::string::npos) continue;
        const auto value = line.find_first_not_of(' ', colon + 1);
        headers[text::lower(line.substr(0, colon))] =
            value == std::string::npos ? "" : line.substr(value);
    }
    return headers;
}

}  // namespace

std::string get_request(const std::string& path, const std::string& headers) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

HttpClient::HttpClient(std::uint16_t port, std::chrono::milliseconds patience) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The socket API takes every family through sockaddr.
    connected_ =
        ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::uint16_t HttpClient::local_port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

bool HttpClient::send(const std::string& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = ::send(fd_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (n <= 0) return false;
        done += static_cast<std::size_t>(n);
    }
    return true;
}

bool HttpClient::fill() {
    char piece[16384];
    const ssize_t n = ::recv(fd_.get(), piece, sizeof piece, 0);
    if (n > 0) buffer_.append(piece, static_cast<std::size_t>(n));
    if (n == 0) end_ = true;
    return n > 0;
}

bool HttpClient::read_chunks(HttpResponse& response) {
    for (;;) {
        std::size_t line = 0;
        while ((line = buffer_.find("\r\n")) == std::string::npos)
            if (!fill()) return false;
        const std::size_t size = std::strtoull(buffer_.c_str(), nullptr, 16);
        while (buffer_.size() < line + 2 + size + 2)
            if (!fill()) return false;
        response.body.append(buffer_, line + 2, size);
        buffer_.erase(0, line + 2 + size + 2);
        if (size == 0) return true;
    }
}

HttpResponse HttpClient::receive(bool head_only) {
    HttpResponse response;
    std::size_t head_end = 0;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (fill()) continue;
        response.trouble = end_ ? "closed" : "no answer in time";
        return response;
    }
    const std::string head = buffer_.substr(0, head_end);
    buffer_.erase(0, head_end + 4);
    response.status = head.rfind("HTTP/1.", 0) == 0 ? std::atoi(head.c_str() + 9) : -1;
    response.headers = parse_headers(head);
    response.chunked = response.header("transfer-encoding") == "chunked";
    const bool bodiless = head_only || response.status == 304 || response.status == 204;
    if (bodiless) {
        response.whole = true;
    } else if (response.chunked) {
        response.whole = read_chunks(response);
    } else {
        const std::string length = response.header("content-length");
        const std::size_t size =
            length.empty() ? SIZE_MAX : std::strtoull(length.c_str(), nullptr, 10);
        while (buffer_.size() < size && fill()) {
        }
        response.whole = length.empty() ? end_ : buffer_.size() >= size;
        response.body = buffer_.substr(0, size);
        buffer_.erase(0, response.body.size());
    }
    if (!response.whole) response.trouble = end_ ? "truncated" : "stalled";
    return response;
}

HttpResponse HttpClient::get(const std::string& path, const std::string& headers) {
    if (send(get_request(path, headers))) return receive();
    HttpResponse response;
    response.trouble = "could not send";
    return response;
}

bool HttpClient::closed_by_peer() {
    while (fill())
        buffer_.clear();
    return end_ || errno == ECONNRESET;
}

bool HttpClient::quiet() const {
    char byte = 0;
    return buffer_.empty() && ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

HttpResponse fetch(std::uint16_t port, const std::string& path) {
    HttpClient client(port);
    if (client.connected()) return client.get(path, "Connection: close\r\n");
    HttpResponse response;
    response.trouble = "not connected";
    return response;
}

}  // namespace mpmd::test

#pragma once

// One client connection over a raw socket: sends any bytes in any pieces and reads responses one by
// one. Blocking, with a patience far above anything that is fine.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

struct HttpResponse {
    int status = 0;                              // 0: none came
    std::map<std::string, std::string> headers;  // names in small letters
    std::string body;
    bool whole = false;  // head and body as long as announced
    bool chunked = false;
    std::string trouble;  // why it is not whole

    [[nodiscard]] std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
    [[nodiscard]] bool announces_close() const { return header("connection") == "close"; }
};

// "GET path HTTP/1.1", Host and these header lines, each with its CRLF.
[[nodiscard]] std::string get_request(const std::string& path, const std::string& headers = "");

class HttpClient {
public:
    explicit HttpClient(std::uint16_t port,
                        std::chrono::milliseconds patience = std::chrono::seconds(30));

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] std::uint16_t local_port() const;
    // False when the peer is gone.
    bool send(const std::string& bytes);
    HttpResponse receive(bool head_only = false);
    HttpResponse get(const std::string& path, const std::string& headers = "");
    // Waits until the peer closes (true) or the patience is over; other bytes are dropped.
    bool closed_by_peer();
    // Nothing to read and not closed, at this moment.
    [[nodiscard]] bool quiet() const;

private:
    bool fill();
    bool read_chunks(HttpResponse& response);

    os::UniqueFd fd_;
    bool connected_ = false;
    bool end_ = false;
    std::string buffer_;
};

// A request on a connection of its own.
[[nodiscard]] HttpResponse fetch(std::uint16_t port, const std::string& path);

}  // namespace mpmd::test

#pragma once

// A scripted client: sends exactly these bytes, reads whole responses, sees closes and resets.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

struct Answer {
    int status = 0;  // 0: none came
    std::string head;
    std::string body;
    [[nodiscard]] bool has(std::string_view header_line) const {
        return head.find(header_line) != std::string::npos;
    }
    [[nodiscard]] bool closes() const { return has("\r\nConnection: close\r\n"); }
};

class Client {
public:
    // Connects at once; `receive_buffer` > 0 makes a reader that takes little.
    explicit Client(std::uint16_t port, int receive_buffer = 0);

    void send(std::string_view bytes);
    // Content-Length, chunked and until-close bodies; waits for the whole answer.
    [[nodiscard]] Answer read_answer(bool head_request = false);
    [[nodiscard]] Answer ask(std::string_view target, std::string_view more_lines = "");
    // Waits until the server has closed (true) or reset (false); throws away what comes before.
    [[nodiscard]] bool reads_end();
    // Whether anything, an end included, is there within `time`.
    [[nodiscard]] bool hears_within(std::chrono::milliseconds time);
    void shut_writing();
    void close() { fd_.reset(); }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    bool fill();  // reads more into buffer_; false: end or reset
    [[nodiscard]] std::string take_until(std::string_view mark);
    [[nodiscard]] std::string take(std::size_t count);

    os::UniqueFd fd_;
    std::string buffer_;
    bool reset_ = false;
};

[[nodiscard]] std::string get(std::string_view target, std::string_view more_lines = "");

}  // namespace mpmd::test

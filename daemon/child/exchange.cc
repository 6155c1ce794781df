#include "daemon/child/exchange.h"

#include <algorithm>
#include <cstring>

namespace mpmd::child {

InputBuffer::InputBuffer(std::size_t capacity)
    : data_(new char[capacity]),  // not zeroed: only what was filled is ever read
      capacity_(capacity) {}

std::span<char> InputBuffer::room(std::size_t wanted) {
    if (begin_ == end_) begin_ = end_ = 0;
    if (capacity_ - end_ < wanted) {
        const std::size_t kept = size();
        if (capacity_ - kept >= wanted) {
            std::memmove(data_.get(), data_.get() + begin_, kept);
        } else {
            const std::size_t larger = std::max(2 * capacity_, kept + wanted);
            std::unique_ptr<char[]> moved(new char[larger]);
            std::memcpy(moved.get(), data_.get() + begin_, kept);
            data_ = std::move(moved);
            capacity_ = larger;
        }
        begin_ = 0;
        end_ = kept;
    }
    return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::append(std::string_view bytes) {
    const std::span<char> into = room(bytes.size());
    std::memcpy(into.data(), bytes.data(), bytes.size());
    filled(bytes.size());
}

std::span<char> OutputBuffer::room(std::size_t bytes) {
    if (capacity_ - end_ < bytes) {
        const std::size_t kept = size();
        const std::size_t larger = std::max({2 * capacity_, kept + bytes, std::size_t{4096}});
        std::unique_ptr<char[]> moved(new char[larger]);
        if (kept > 0) std::memcpy(moved.get(), data_.get() + sent_, kept);
        data_ = std::move(moved);
        capacity_ = larger;
        sent_ = 0;
        end_ = kept;
    }
    return {data_.get() + end_, capacity_ - end_};
}

void OutputBuffer::sent(std::size_t bytes) {
    sent_ += bytes;
    if (sent_ == end_) clear();
}

void OutputBuffer::append(std::string_view bytes) {
    const std::span<char> into = room(bytes.size());
    std::memcpy(into.data(), bytes.data(), bytes.size());
    wrote(bytes.size());
}

void Exchange::reset() {
    input.clear();
    output.clear();
    parser.reset();
    request.reset();
    body = {};
    wanted_body.reset();
    response.reset();
    learned.clear();
    due = Due::Nothing;
    tail_sent = 0;
    tail_chunked = tail_ended = false;
    refused_line = {};
    closing = client_asked = rejected = shrunk = has_head = counted = by_worker = false;
    began = {};
    head_bytes = body_bytes = 0;
    status = 0;
    script_pid = 0;
}

void Exchange::drop_wanted_body() {
    if (!wanted_body) return;
    if (!wanted_body->raw.empty()) {
        input.clear();
        input.append(wanted_body->raw.unread());
        has_head = false;  // its views are gone
    }
    wanted_body.reset();
}

}  // namespace mpmd::child

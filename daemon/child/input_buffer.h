#pragma once

// Bytes from a client, read and not yet consumed. Owned by whoever owns the connection.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace mpmd::child {

class InputBuffer {
public:
    explicit InputBuffer(std::size_t capacity);

    [[nodiscard]] std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
    [[nodiscard]] bool empty() const { return begin_ == end_; }
    [[nodiscard]] std::size_t size() const { return end_ - begin_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    // Everything behind the unread bytes; moves them to the front and grows when fewer than
    // `wanted` are free. Ends the life of every view into the buffer.
    [[nodiscard]] std::span<char> room(std::size_t wanted);
    void filled(std::size_t bytes) { end_ += bytes; }
    void consume(std::size_t bytes) { begin_ += bytes; }
    void clear() { begin_ = end_ = 0; }
    void append(std::string_view bytes);

private:
    std::unique_ptr<char[]> data_;
    std::size_t capacity_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace mpmd::child

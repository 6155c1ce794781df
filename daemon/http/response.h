#pragma once

// Pure. One answer: status, header lines, body. Made by a Handler, rendered by response_writer.h,
// sent by the connection. `owner` keeps everything alive that `headers` and `body` point to;
// whoever still has bytes to send keeps the Response (it moves). reset() keeps no storage but
// `extra`'s. Thread rule: one owner at a time.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/base/time.h"

namespace mpmd::http {

// A body that is made while it is sent. Pulled on a worker only; read() may block.
class BodySource {
public:
    virtual ~BodySource() = default;
    // Bytes written to `into`, 0 = end. With a known length exactly that many come in all; if fewer
    // come, the connection must be closed.
    [[nodiscard]] virtual std::size_t read(std::span<char> into) = 0;
    // Nothing: chunked (HTTP/1.1) or until close (HTTP/1.0).
    [[nodiscard]] virtual std::optional<std::uint64_t> length() const = 0;
    // After read() said 0: that was not the end but a failure, and the client must see it as one.
    [[nodiscard]] virtual bool broken() const { return false; }
    // It has nothing before this time: the connection waits for it without a thread (Suspended).
    // read() before that may block. Any thread that owns the connection.
    [[nodiscard]] virtual std::optional<MonoTime> not_before() const { return std::nullopt; }
};

struct MemoryBody {
    std::string_view bytes;
};

struct FileBody {
    int fd = -1;  // regular file, read with explicit offsets only (it is shared)
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    // Where handlers/page_cache.h remembers that the file's pages are in memory; null when nobody
    // does.
    std::atomic<std::int64_t>* resident_until_ns = nullptr;
};

using Body = std::variant<std::monostate, MemoryBody, FileBody, std::unique_ptr<BodySource>>;

struct Response {
    std::uint16_t status = 200;
    bool close = false;                 // this answer forces a close (E-21 "status code")
    std::string_view headers;           // prebuilt lines, each with its CRLF, owned by `owner`
    std::string extra;                  // more lines of the same kind
    std::shared_ptr<const void> owner;  // of headers, memory body, descriptor
    Body body;
    std::optional<std::uint64_t> declared_length;  // HEAD: length of the body that is not sent
    bool omit_length = false;             // HEAD of a body that only its source could measure
    std::shared_ptr<const void> learned;  // what a worker found out; give it to Handler::absorb

    // Of what is sent; nothing when only the source knows the end.
    [[nodiscard]] std::optional<std::uint64_t> body_length() const;
    // E-21 "length is delimited": the client can find the end without a close.
    [[nodiscard]] bool delimited(std::uint8_t version) const {
        return version >= 11 || body_length().has_value();
    }
    [[nodiscard]] bool chunked(std::uint8_t version) const {
        return version >= 11 && !body_length();
    }
    // HEAD: same head, no body.
    void drop_body();
    void reset();
};

}  // namespace mpmd::http

#pragma once

// The body of one request while it is gathered: in memory first, in a file without a name when it
// is larger than a block or when the child's bodies together are (BodyMemory::kTotal). The owner of
// the connection owns it. append() may block on the disk: workers only.

#include <cstdint>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/child/body_memory.h"
#include "daemon/child/input_buffer.h"
#include "daemon/http/handler.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::child {

class RequestBody {
public:
    // `announced`: Content-Length, 0 when unknown; one that cannot fit starts in the file.
    RequestBody(BodyMemory& memory, std::uint64_t announced)
        : memory_(memory), to_file_(announced > BodyMemory::kBlock) {}
    RequestBody(const RequestBody&) = delete;
    RequestBody& operator=(const RequestBody&) = delete;
    ~RequestBody() { memory_.give_back(block_); }

    // os_errno says what the disk refused; nothing more can be added after that.
    [[nodiscard]] Result<> append(std::string_view bytes);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] http::BodyView view() const;

    // Bytes that were read behind the request's head: framing that is not whole yet, and in the end
    // the beginning of the next request. They stand here because the head must not move.
    InputBuffer raw{0};
    bool told_to_continue = false;  // 100 Continue is on its way

private:
    [[nodiscard]] Result<> spill();
    [[nodiscard]] Result<> write(std::string_view bytes);

    BodyMemory& memory_;
    BodyMemory::Block block_;
    os::UniqueFd file_;
    std::uint64_t size_ = 0;
    bool to_file_;
};

// A file that nobody can open by name and that ends with its descriptor: beneath TMPDIR, /var/tmp
// or /tmp, the first that can be written.
[[nodiscard]] Result<os::UniqueFd> nameless_file();

// What a refused append() is to the client: 507 when the disk is full, 503 for a passing shortage.
[[nodiscard]] std::uint16_t status_of_refusal(int os_errno);

}  // namespace mpmd::child

#pragma once

// A reply as it is kept for a retry (the last 1,024), in the bytes that it has: a Reply
// has room for the longest one of all, 13 KiB, and a thousand of those would be the supervisor's
// largest possession. For replies without a body.

#include <cstdint>
#include <string>

#include "daemon/ipc/command_codec.h"

namespace mpmd::supervisor {

class KeptReply {
public:
    explicit KeptReply(const ipc::Reply& reply)
        : outcome_(reply.header.outcome),
          refusal_(reply.header.refusal),
          operation_(reply.header.operation),
          revision_(reply.header.revision),
          generation_(reply.header.generation),
          children_delta_(reply.header.children_delta),
          message_(ipc::text(reply.header.message)),
          metadata_(ipc::text(reply.header.metadata)) {}

    [[nodiscard]] ipc::Reply reply() const {
        ipc::Reply reply;
        reply.header.outcome = outcome_;
        reply.header.refusal = refusal_;
        reply.header.operation = operation_;
        reply.header.revision = revision_;
        reply.header.generation = generation_;
        reply.header.children_delta = children_delta_;
        (void)ipc::set_text(reply.header.message, message_);
        (void)ipc::set_text(reply.header.metadata, metadata_);
        return reply;
    }

private:
    ipc::Outcome outcome_;
    ipc::Refusal refusal_;
    std::uint64_t operation_;
    std::uint64_t revision_;
    std::uint32_t generation_;
    std::uint32_t children_delta_;
    std::string message_;
    std::string metadata_;
};

}  // namespace mpmd::supervisor

#pragma once

// What root does for mpmd-control: the deeds behind ipc/command.h and nothing else. Each request
// gets one reply, at once or, when a saved change must be on disk first, when it is.
// The last 1,024 request ids keep their replies, so that a retry after control's death gets the
// same answer (decisions.md 6). Supervisor's thread.

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/ipc/command_codec.h"
#include "daemon/supervisor/file_writer.h"
#include "daemon/supervisor/kept_reply.h"
#include "daemon/supervisor/regulation.h"
#include "daemon/supervisor/replacement.h"

namespace mpmd::supervisor {

class CommandServer {
public:
    using RequestId = std::array<std::uint8_t, 16>;
    struct ReloadWish {
        std::uint32_t uid = 0;
        RequestId request_id{};
        std::string why;
        bool validate_only = false;
    };
    struct Parts {
        Core& core;
        Children& children;
        Regulation& regulation;
        Replacement& replacement;
        FileWriter& writer;
        // The number of the operation (0: validated only).
        std::function<Result<std::uint64_t>(const ReloadWish&)> reload;
        std::function<bool()> stopping;
        std::function<void(const ipc::Reply&)> send;
    };
    explicit CommandServer(Parts parts) : parts_(std::move(parts)) {}

    void handle(const ipc::Command& command);
    // overrides.conf as the revision in force has it: after a save that was refused, or a load that
    // dropped something.
    void write_what_holds();

private:
    struct Saving {  // a change that waits for the disk
        ipc::CommandHeader request;
        ipc::ChangeBody change;
        std::vector<config::Override> written;
    };

    [[nodiscard]] std::optional<ipc::Reply> answer(const ipc::Command& command);
    [[nodiscard]] ipc::Reply hello(const ipc::HelloBody& body);
    [[nodiscard]] ipc::Reply state(const ipc::StateRequest& body);
    [[nodiscard]] std::optional<ipc::Reply> change(const ipc::CommandHeader& header,
                                                   const ipc::ChangeBody& body);
    [[nodiscard]] ipc::Reply rollout(const ipc::CommandHeader& header,
                                     const ipc::RolloutBody& body);
    [[nodiscard]] ipc::Reply reload(const ipc::CommandHeader& header, const ipc::ReloadBody& body);

    [[nodiscard]] std::optional<ipc::Reply> wrong_revision(std::uint64_t asked) const;
    [[nodiscard]] std::optional<ipc::Reply> busy() const;
    // Which reply it is when nothing is done.
    [[nodiscard]] std::optional<ipc::Reply> refusal_of(const config::Validated& validated) const;
    [[nodiscard]] std::uint32_t predicted(const config::Validated& validated) const;
    [[nodiscard]] ipc::Reply apply(config::Validated validated,
                                   const ipc::CommandHeader& header,
                                   const ipc::ChangeBody& body);
    void saved(bool written);
    [[nodiscard]] ipc::Reply after_saving(const Saving& saving);
    void finish(const ipc::CommandHeader& request, ipc::Reply reply);
    void remember(const RequestId& id, const ipc::Reply& reply);

    Parts parts_;
    std::map<RequestId, KeptReply> remembered_;
    std::deque<RequestId> order_;  // oldest first
    std::optional<Saving> saving_;
};

}  // namespace mpmd::supervisor

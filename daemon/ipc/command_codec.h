#pragma once

// Pure. Datagrams of the command channel <-> values. Every size and every terminator is checked;
// a datagram that fails is answered with BadRequest (if its header was whole) or ignored, never
// acted upon in part. Unknown verbs decode: the supervisor refuses them by name.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/ipc/command.h"

namespace mpmd::ipc {

// Ping carries no body; an unknown verb is monostate too.
using CommandBody =
    std::variant<std::monostate, HelloBody, StateRequest, ChangeBody, RolloutBody, ReloadBody>;
struct Command {
    CommandHeader header;
    CommandBody body;
};

using ReplyBody = std::variant<std::monostate, HelloReply, StateReply>;
struct Reply {
    ReplyHeader header;
    ReplyBody body;
};

// `header.version`, `header.verb` and `header.size` follow from the body; Ping from an empty one.
[[nodiscard]] std::vector<std::byte> encode(const Command& command);
[[nodiscard]] Result<Command> decode_command(std::span<const std::byte> datagram);
// The header alone, for an answer to what did not decode; nothing when it is not even that.
[[nodiscard]] std::optional<CommandHeader> decode_header(std::span<const std::byte> datagram);

[[nodiscard]] std::vector<std::byte> encode(const Reply& reply);
// The body is expected to be that of `verb` (of the request); a Refused reply has none.
[[nodiscard]] Result<Reply> decode_reply(std::span<const std::byte> datagram, Verb verb);

// The text of a fixed field. Requires: terminated (decode_* has checked it).
template <std::size_t N>
[[nodiscard]] std::string_view text(const std::array<char, N>& field) {
    const std::string_view whole(field.data(), N);
    return whole.substr(0, whole.find('\0'));
}
// False when the value does not fit with its terminator or holds a zero byte; the field is then
// empty.
template <std::size_t N>
[[nodiscard]] bool set_text(std::array<char, N>& field, std::string_view value) {
    field.fill('\0');
    if (value.size() >= N || value.find('\0') != std::string_view::npos) return false;
    for (std::size_t i = 0; i < value.size(); ++i)
        field[i] = value[i];
    return true;
}
// The same, cutting what is too long: for sentences.
template <std::size_t N>
void cut_text(std::array<char, N>& field, std::string_view value) {
    (void)set_text(field, value.substr(0, std::min(value.find('\0'), N - 1)));
}

}  // namespace mpmd::ipc

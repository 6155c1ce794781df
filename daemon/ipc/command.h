#pragma once

// Pure. The command channel: what mpmd-control may ask of the supervisor, and nothing else
// (architecture.md 5).
//
// One SOCK_SEQPACKET pair per control process, datagrams up to 16 KiB: CommandHeader, then the body
// of the verb. The supervisor answers each request with one Reply datagram within one turn of its
// loop; slow work is Accepted and goes on as an operation in the scoreboard. Strings are fixed,
// zero-terminated; values travel by name and are parsed by the config table. The codec checks every
// size and every terminator (command_codec.h).

#include <array>
#include <cstddef>
#include <cstdint>

namespace mpmd::ipc {

inline constexpr std::uint32_t kCommandVersion = 2;
inline constexpr std::size_t kMaxCommand = 16384;
inline constexpr std::size_t kMaxChanges = 32;
inline constexpr std::size_t kMaxTargets = 1024;

enum class Verb : std::uint32_t {
    Hello = 1,    // HelloBody -> Done + HelloReply
    State = 2,    // StateRequest (page) -> Done + StateReply: overrides in force, by name
    Change = 3,   // ChangeBody -> Done (applied or validated), Accepted (children are being
                  // replaced), Refused
    Rollout = 4,  // RolloutBody -> Accepted | Refused
    Reload = 5,   // ReloadBody -> Accepted | Done (validate only) | Refused
    Ping = 6,     // -> Done
};

struct CommandHeader {
    std::uint32_t version = kCommandVersion;
    Verb verb = Verb::Ping;
    std::array<std::uint8_t, 16>
        request_id{};          // a retry with the same id gets the same answer; zero = none
    std::uint64_t serial = 0;  // matches the reply to the request
    std::uint32_t uid = 0;     // of the person
    std::uint32_t size = 0;    // of the body
};

enum class Outcome : std::uint32_t { Done = 1, Accepted = 2, Refused = 3 };

// Why a request was refused; control maps it to a status code and reason (control-plane.md 4.4).
enum class Refusal : std::uint32_t {
    None = 0,
    BadRequest,  // malformed
    UnknownDirective,
    ValueOutOfRange,
    NotOverridable,
    LimitsConflict,
    NeedsRestart,  // apply class above the ceiling
    RevisionChanged,
    OperationActive,
    Gone,           // a named child does not exist (any more)
    ConfigInvalid,  // the file does not load
    Unsupported,
    Stopping,
    StateNotSaved,  // the disk refused
};

struct ReplyHeader {
    std::uint32_t version = kCommandVersion;
    Outcome outcome = Outcome::Refused;
    std::uint64_t serial = 0;
    Refusal refusal = Refusal::None;
    std::uint32_t size = 0;       // of the verb's reply body
    std::uint64_t operation = 0;  // Accepted
    std::uint64_t revision = 0;   // after the request
    std::uint32_t generation = 0;
    std::uint32_t children_delta =
        0;  // Change: children that regulation would start, as two's complement
    std::array<char, 512>
        message{};  // a sentence for the person: what happened, the value, what to do
    std::array<char, 512>
        metadata{};  // key=value lines, every number of the message (details of the error)
};

struct HelloBody {
    std::uint32_t layout_version = 0;  // scoreboard::kLayoutVersion of control
    std::uint32_t pid = 0;
};

struct HelloReply {
    std::uint64_t revision = 0;
    std::uint64_t next_child = 0;
    std::uint64_t next_operation = 0;
    std::uint32_t reflection = 0;
    std::uint32_t max_watchers = 0;
    std::array<char, 256> config_file{};
    std::array<char, 256> state_dir{};
    std::array<char, 256> roles{};   // "admin user:alice\n..." as in ControlRole, cut at a line
    std::uint32_t children_uid = 0;  // the uid of User: refused as a peer
    std::uint32_t supervisor_uid = 0;
    std::uint32_t roles_complete = 1;
    std::uint32_t reserved = 0;
};

struct StateRequest {
    std::uint32_t first = 0;  // directives to skip, in the order of the table
    std::uint32_t reserved = 0;
};

// One directive as it stands; control asks page by page and caches by revision.
struct DirectiveState {
    std::array<char, 48> name{};
    std::array<char, 208> value{};      // effective, as it would be written
    std::array<char, 208> requested{};  // when a rule adjusted it
    std::array<char, 208> file_value{};
    std::array<char, 200> position{};  // file:line
    std::array<char, 208> note{};      // how the file writes it by an old name, and what to write
    std::uint32_t source = 0;          // config::Source
    std::uint32_t author_uid = 0;
    std::uint64_t revision = 0;  // that set it; 0 = since the load
    std::uint64_t change_wall_us = 0;
};

struct StateReply {
    std::uint32_t count = 0;
    std::uint32_t more = 0;
    // Sets of listening sockets in use: only a hard restart brings another number, whatever
    // ListenCoresBucketsRatio says.
    std::uint32_t buckets = 1;
    std::uint32_t reserved = 0;
    std::array<DirectiveState, 12> directives{};
};

struct Change {
    std::array<char, 48> name{};
    std::array<char, 208> value{};
    std::uint32_t reset = 0;  // 1: back to the layer below; value ignored
    std::uint32_t reserved = 0;
};

struct ChangeBody {
    std::uint64_t if_revision = 0;  // 0 = any
    std::uint32_t count = 0;
    std::uint32_t validate_only = 0;
    std::uint32_t saved = 0;  // 0 = until restart
    std::uint32_t allow_rolling = 0;
    std::array<char, 128> reason{};
    std::array<Change, kMaxChanges> changes{};
};

struct RolloutBody {
    std::uint32_t all = 0;
    std::uint32_t count = 0;      // of uids
    std::uint32_t max_surge = 0;  // 0 = default
    std::uint32_t validate_only = 0;
    std::int64_t drain_timeout_ms = -1;  // -1 = ChildDrainTimeout
    std::array<char, 128> reason{};
    std::array<std::uint64_t, kMaxTargets> uids{};
};

struct ReloadBody {
    std::uint64_t if_revision = 0;
    std::uint32_t validate_only = 0;
    std::uint32_t reserved = 0;
    std::array<char, 128> reason{};
};

static_assert(sizeof(CommandHeader) + sizeof(ChangeBody) <= kMaxCommand);
static_assert(sizeof(CommandHeader) + sizeof(RolloutBody) <= kMaxCommand);
static_assert(sizeof(ReplyHeader) + sizeof(StateReply) <= kMaxCommand);

}  // namespace mpmd::ipc

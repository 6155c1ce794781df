#include "daemon/ipc/command_codec.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace mpmd::ipc {

namespace {

template <class T>
void append(std::vector<std::byte>& out, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(T));
}

template <class T>
std::optional<T> take(std::span<const std::byte> bytes) {
    if (bytes.size() != sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof(T));
    return value;
}

template <std::size_t N>
bool ended(const std::array<char, N>& field) {
    return std::find(field.begin(), field.end(), '\0') != field.end();
}

bool sound(const HelloBody&) {
    return true;
}
bool sound(const StateRequest&) {
    return true;
}
bool sound(const ChangeBody& body) {
    if (body.count > kMaxChanges || !ended(body.reason)) return false;
    return std::all_of(body.changes.begin(), body.changes.end(), [](const Change& change) {
        return ended(change.name) && ended(change.value);
    });
}
bool sound(const RolloutBody& body) {
    return body.count <= kMaxTargets && ended(body.reason);
}
bool sound(const ReloadBody& body) {
    return ended(body.reason);
}
bool sound(const HelloReply& body) {
    return ended(body.config_file) && ended(body.state_dir) && ended(body.roles);
}
bool sound(const StateReply& body) {
    if (body.count > body.directives.size()) return false;
    return std::all_of(
        body.directives.begin(), body.directives.end(), [](const DirectiveState& state) {
            return ended(state.name) && ended(state.value) && ended(state.requested) &&
                   ended(state.file_value) && ended(state.position) && ended(state.note);
        });
}

template <class T, class Variant>
Result<> take_body(std::span<const std::byte> bytes, Variant& out) {
    const std::optional<T> body = take<T>(bytes);
    if (!body)
        return fail(Error::text(
            fmt::format("body of {} bytes where {} are expected", bytes.size(), sizeof(T))));
    if (!sound(*body)) return fail(Error::text("a count or a text of the body is out of bounds"));
    out = *body;
    return {};
}

Result<> take_nothing(std::span<const std::byte> bytes) {
    if (!bytes.empty()) return fail(Error::text("a body where none is expected"));
    return {};
}

Verb verb_of(const Command& command) {
    struct {
        Verb verb;
        Verb operator()(const std::monostate&) const { return verb; }
        Verb operator()(const HelloBody&) const { return Verb::Hello; }
        Verb operator()(const StateRequest&) const { return Verb::State; }
        Verb operator()(const ChangeBody&) const { return Verb::Change; }
        Verb operator()(const RolloutBody&) const { return Verb::Rollout; }
        Verb operator()(const ReloadBody&) const { return Verb::Reload; }
    } name{command.header.verb};
    return std::visit(name, command.body);
}

struct BodySize {
    std::uint32_t operator()(const std::monostate&) const { return 0; }
    template <class T>
    std::uint32_t operator()(const T&) const {
        return sizeof(T);
    }
};

struct AppendBody {
    std::vector<std::byte>& out;
    void operator()(const std::monostate&) const {}
    template <class T>
    void operator()(const T& body) const {
        append(out, body);
    }
};

}  // namespace

std::vector<std::byte> encode(const Command& command) {
    CommandHeader header = command.header;
    header.version = kCommandVersion;
    header.verb = verb_of(command);
    header.size = std::visit(BodySize{}, command.body);
    std::vector<std::byte> out;
    out.reserve(sizeof(header) + header.size);
    append(out, header);
    std::visit(AppendBody{out}, command.body);
    return out;
}

std::optional<CommandHeader> decode_header(std::span<const std::byte> datagram) {
    if (datagram.size() < sizeof(CommandHeader) || datagram.size() > kMaxCommand)
        return std::nullopt;
    return take<CommandHeader>(datagram.first(sizeof(CommandHeader)));
}

namespace {

Result<> decode_body(Verb verb, std::span<const std::byte> bytes, CommandBody& body) {
    switch (verb) {
        case Verb::Hello:
            return take_body<HelloBody>(bytes, body);
        case Verb::State:
            return take_body<StateRequest>(bytes, body);
        case Verb::Change:
            return take_body<ChangeBody>(bytes, body);
        case Verb::Rollout:
            return take_body<RolloutBody>(bytes, body);
        case Verb::Reload:
            return take_body<ReloadBody>(bytes, body);
        case Verb::Ping:
            return take_nothing(bytes);
    }
    return {};  // of a later release: refused by name
}

Result<> decode_reply_body(const ReplyHeader& header,
                           Verb verb,
                           std::span<const std::byte> bytes,
                           ReplyBody& body) {
    if (header.outcome != Outcome::Refused) {
        if (verb == Verb::Hello) return take_body<HelloReply>(bytes, body);
        if (verb == Verb::State) return take_body<StateReply>(bytes, body);
    }
    return take_nothing(bytes);
}

}  // namespace

Result<Command> decode_command(std::span<const std::byte> datagram) {
    const std::optional<CommandHeader> header = decode_header(datagram);
    if (!header) return fail(Error::text("a datagram that is no command"));
    if (header->version != kCommandVersion)
        return fail(Error::text(fmt::format("command version {}, this mpmd speaks {}",
                                            header->version, kCommandVersion)));
    const std::span<const std::byte> bytes = datagram.subspan(sizeof(CommandHeader));
    if (header->size != bytes.size())
        return fail(Error::text("the size in the header is not the size of the body"));
    Command command{*header, {}};
    TRY_VOID(decode_body(header->verb, bytes, command.body));
    return command;
}

std::vector<std::byte> encode(const Reply& reply) {
    ReplyHeader header = reply.header;
    header.version = kCommandVersion;
    header.size = std::visit(BodySize{}, reply.body);
    std::vector<std::byte> out;
    out.reserve(sizeof(header) + header.size);
    append(out, header);
    std::visit(AppendBody{out}, reply.body);
    return out;
}

Result<Reply> decode_reply(std::span<const std::byte> datagram, Verb verb) {
    if (datagram.size() < sizeof(ReplyHeader) || datagram.size() > kMaxCommand)
        return fail(Error::text("a datagram that is no reply"));
    const std::optional<ReplyHeader> header =
        take<ReplyHeader>(datagram.first(sizeof(ReplyHeader)));
    if (!header || header->version != kCommandVersion)
        return fail(Error::text("a reply of another version"));
    const std::span<const std::byte> bytes = datagram.subspan(sizeof(ReplyHeader));
    if (header->size != bytes.size() || !ended(header->message) || !ended(header->metadata))
        return fail(Error::text("a reply whose sizes do not agree"));
    const auto outcome = static_cast<std::uint32_t>(header->outcome);
    if (outcome < 1 || outcome > 3) return fail(Error::text("a reply with an unknown outcome"));
    Reply reply{*header, {}};
    TRY_VOID(decode_reply_body(*header, verb, bytes, reply.body));
    return reply;
}

}  // namespace mpmd::ipc

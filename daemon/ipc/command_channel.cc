#include "daemon/ipc/command_channel.h"

#include <array>
#include <cstring>

#include "daemon/ipc/datagram.h"

namespace mpmd::ipc {

namespace {
constexpr std::size_t kMostWaiting = 64;
}

CommandServer::Event CommandServer::next() {
    std::array<std::byte, kMaxCommand> buffer{};
    const Incoming incoming = receive(fd_.get(), buffer);
    switch (incoming.what) {
        case Received::WouldBlock:
            return WouldBlock{};
        case Received::End:
            return Gone{};
        case Received::Oversized:
            return Malformed{std::nullopt, Error::text("a datagram longer than any command")};
        case Received::Datagram:
            break;
    }
    const std::span<const std::byte> datagram(buffer.data(), incoming.size);
    Result<Command> command = decode_command(datagram);
    if (!command) return Malformed{decode_header(datagram), std::move(command).error()};
    return *command;
}

bool CommandServer::reply(const Reply& reply) {
    if (waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back(encode(reply));
    return flush();
}

bool CommandServer::flush() {
    while (!waiting_.empty()) {
        switch (send(fd_.get(), waiting_.front())) {
            case Sent::Whole:
                waiting_.pop_front();
                break;
            case Sent::WouldBlock:
                return true;
            case Sent::Gone:
                return false;
        }
    }
    return true;
}

Result<> CommandClient::send(const Command& command) {
    if (ipc::send(fd_.get(), encode(command)) != Sent::Whole)
        return fail(Error::os("the supervisor does not take commands"));
    return {};
}

Result<std::vector<std::byte>> CommandClient::receive_datagram() {
    std::vector<std::byte> datagram(kMaxCommand);
    const Incoming incoming = ipc::receive(fd_.get(), datagram);
    if (incoming.what == Received::End) return fail(Error::text("the supervisor is gone"));
    if (incoming.what != Received::Datagram)
        return fail(Error::text("no reply that could be read"));
    datagram.resize(incoming.size);
    return datagram;
}

Result<std::uint64_t> CommandClient::serial_of(const std::vector<std::byte>& datagram) {
    if (datagram.size() < sizeof(ReplyHeader))
        return fail(Error::text("a datagram that is no reply"));
    ReplyHeader header;
    std::memcpy(static_cast<void*>(&header), datagram.data(), sizeof(header));
    return header.serial;
}

}  // namespace mpmd::ipc

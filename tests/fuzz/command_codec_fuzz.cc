// What a hostile control process may send, and what a broken supervisor may answer: decoding never
// reads outside the datagram, and what decodes encodes to the same meaning.

#include <cstdint>
#include <cstdlib>

#include "daemon/ipc/command_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpmd::ipc;
    if (size == 0) return 0;
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    if (const auto command = decode_command(bytes)) {
        if (const auto* change = std::get_if<ChangeBody>(&command->body))
            for (std::uint32_t i = 0; i < change->count; ++i)
                if (text(change->changes[i].value).size() >= change->changes[i].value.size())
                    std::abort();
        if (!std::holds_alternative<std::monostate>(command->body) &&
            !decode_command(encode(*command)))
            std::abort();
    }
    const auto verb = static_cast<Verb>(data[0] % 8);
    if (const auto reply = decode_reply(bytes, verb))
        if (!decode_reply(encode(*reply), verb)) std::abort();
    return 0;
}

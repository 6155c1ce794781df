#include "tests/support/free_port.h"

#include <cstddef>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace mpmd::test {
namespace {

constexpr int kFirst = 10'000;
constexpr int kFewest = 1'000;

struct Range {
    int first = kFirst;
    int end = 32'768;
};

Range range_of_servers() {
    Range range;
    std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
    int low = 0;
    int high = 0;
    if (!(file >> low >> high)) return range;
    range.end = low;
    if (range.end - range.first < kFewest) range = {high + 1, 65'536};
    if (range.end - range.first < kFewest) range = {kFirst, 65'536};  // then by luck
    return range;
}

// Held by this process until it is closed, unique among all on this network.
os::UniqueFd claim(std::uint16_t number) {
    os::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "mpmd-test-port-" + std::to_string(number);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0) return {};
    return fd;
}

// By no server, on any address, and by no connection that has just ended.
bool is_unused(std::uint16_t number) {
    const os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(number);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

FreePort::FreePort() {
    const Range range = range_of_servers();
    const int count = range.end - range.first;
    std::random_device random;
    const int begin = std::uniform_int_distribution<int>(0, count - 1)(random);
    for (int i = 0; i < count; ++i)
        if (take(static_cast<std::uint16_t>(range.first + (begin + i) % count))) return;
    throw std::runtime_error("no free port");
}

bool FreePort::take(std::uint16_t number) {
    claim_ = claim(number);
    if (!claim_ || !is_unused(number)) return false;
    number_ = number;
    return true;
}

}  // namespace mpmd::test

#include "daemon/supervisor/self_check.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::supervisor {

namespace {

std::optional<std::string_view> line_of(std::string_view status, std::string_view name) {
    for (const std::string_view line : text::split(status, '\n'))
        if (line.starts_with(name)) return line.substr(name.size());
    return std::nullopt;
}

std::vector<std::uint32_t> numbers(std::string_view line) {
    std::vector<std::uint32_t> out;
    const char* at = line.data();
    const char* const end = at + line.size();
    while (at < end) {
        std::uint32_t value = 0;
        const auto [stop, error] = std::from_chars(at, end, value);
        if (error == std::errc{}) out.push_back(value);
        at = error == std::errc{} ? stop : at + 1;
    }
    return out;
}

std::uint64_t mask(std::string_view line) {
    std::uint64_t value = 0;
    const std::string_view digits = text::trim(line);
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

std::string list(const std::vector<std::uint32_t>& values) {
    std::string out;
    for (const std::uint32_t value : values)
        out += fmt::format("{}{}", out.empty() ? "" : " ", value);
    return out.empty() ? "none" : out;
}

}  // namespace

bool Rights::of_root() const {
    const auto has_root = [](const std::vector<std::uint32_t>& ids) {
        return std::find(ids.begin(), ids.end(), 0U) != ids.end();
    };
    return capabilities != 0 || has_root(uids) || has_root(gids) || has_root(groups);
}

std::string Rights::text() const {
    const auto own = [](const std::vector<std::uint32_t>& ids) {
        return ids.empty() ? 0 : ids.front();
    };
    return fmt::format("uid {}, gid {}, groups {}, {}", own(uids), own(gids), list(groups),
                       capabilities == 0 ? std::string("no capability")
                                         : fmt::format("capabilities {:#x}", capabilities));
}

std::optional<Rights> read_rights(std::string_view status) {
    const auto uid = line_of(status, "Uid:");
    const auto gid = line_of(status, "Gid:");
    const auto groups = line_of(status, "Groups:");
    const auto permitted = line_of(status, "CapPrm:");
    const auto effective = line_of(status, "CapEff:");
    if (!uid || !gid || !groups || !permitted || !effective) return std::nullopt;
    return Rights{numbers(*uid), numbers(*gid), numbers(*groups),
                  mask(*permitted) | mask(*effective)};
}

std::optional<Rights> rights_of(pid_t pid) {
    const os::UniqueFd fd(
        ::open(fmt::format("/proc/{}/status", pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return std::nullopt;
    std::array<char, 65536> buffer;  // Groups: may name many
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) return std::nullopt;
    return read_rights({buffer.data(), static_cast<std::size_t>(got)});
}

}  // namespace mpmd::supervisor

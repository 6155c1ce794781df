#include "daemon/handlers/static_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/handlers/open_beneath.h"
#include "daemon/http/http_date.h"
#include "daemon/http/target.h"
#include "daemon/os/clock.h"

namespace mpmd::handlers {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// O_NONBLOCK: opening a FIFO must not wait for its writer.
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
constexpr int kAttempts = 3;

// What the errno of an open means to the client.
std::uint16_t status_of(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return 404;
        case EACCES:
        case EPERM:
        case ELOOP:
        case EXDEV:
        case ENAMETOOLONG:
        case ENXIO:
            return 403;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EAGAIN:
            return 503;
        default:
            return 500;
    }
}

FileEntryPtr plain(std::uint16_t status) {
    auto entry = std::make_shared<FileEntry>();
    entry->status = status;
    return entry;
}

FileEntryPtr redirect(const std::string& path) {
    auto entry = std::make_shared<FileEntry>();
    entry->status = 301;
    entry->location = http::encode_path(path) + '/';
    return entry;
}

bool is_hidden(std::string_view path) {
    return path.find("/.ht") != std::string_view::npos;
}

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
    FileIdentity identity;
    identity.device = status.st_dev;
    identity.inode = status.st_ino;
    identity.size = static_cast<std::uint64_t>(status.st_size);
    identity.modified_ns = nanoseconds(status.st_mtim);
    identity.changed_ns = nanoseconds(status.st_ctim);
    return identity;
}

// Bytes from the start: as many as the identity says, and one more if there is one.
bool read_small(int file, FileEntry& entry) {
    std::string& bytes = entry.bytes;
    bytes.assign(static_cast<std::size_t>(entry.identity.size) + 1, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t n =
            ::pread(file, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    bytes.shrink_to_fit();
    return true;
}

// Takes over what the file is now; true when nothing was written since the identity was taken.
bool settle(int file, FileEntry& entry) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return false;
    const FileIdentity before = std::exchange(entry.identity, identity_of(status));
    return entry.identity == before && entry.bytes.size() == before.size;
}

bool unchanged(const FileEntryPtr& previous, const FileIdentity& identity) {
    return previous && previous->settled && previous->identity == identity;
}

void describe(FileEntry& entry, std::string_view type, std::int64_t now_ns) {
    // A change within the clock's grain could leave the identity equal; until then the tag is weak
    // (RFC 9110 8.8.1).
    entry.settled = entry.identity.changed_ns < now_ns - kNsPerSecond;
    entry.etag = fmt::format("{}\"{:x}-{:x}\"", entry.settled ? "" : "W/", entry.identity.size,
                             entry.identity.modified_ns / 1000);
    // Never later than Date (RFC 9110 8.8.2.1).
    entry.modified = std::min(entry.identity.modified_ns, now_ns) / kNsPerSecond;
    const auto date = http::format_date(entry.modified);
    entry.last_modified.assign(date.data(), date.size());
    entry.lines = fmt::format("Last-Modified: {}\r\nETag: {}\r\n", entry.last_modified, entry.etag);
    entry.validators = entry.lines.size();
    entry.lines += "Accept-Ranges: bytes\r\n";
    if (!type.empty()) entry.lines += fmt::format("Content-Type: {}\r\n", type);
    entry.lines.shrink_to_fit();
}

}  // namespace

StaticFiles::StaticFiles(std::string document_root, std::vector<std::string> index, MimeTypes types)
    : document_root_(std::move(document_root)),
      index_(std::move(index)),
      types_(std::move(types)) {}

Learned StaticFiles::look(std::string_view raw_path, const FileEntryPtr& previous) const {
    Learned learned;
    learned.checked = os::mono_now();
    Look look = find(raw_path, previous);
    learned.key = raw_path;
    learned.entry = std::move(look.entry);
    learned.lasting = look.lasting && learned.entry->status < 500;
    return learned;
}

StaticFiles::Look StaticFiles::find(std::string_view raw_path, const FileEntryPtr& previous) const {
    const http::DecodedPath decoded = http::decode_path(raw_path);
    if (decoded.status != 0) return {plain(decoded.status)};
    const std::string& path = decoded.path;
    if (is_hidden(path)) return {plain(403)};
    const os::UniqueFd root(::open(document_root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return {plain(status_of(errno))};
    if (path.ends_with('/')) return find_index(root.get(), path, previous);
    Opened opened = open_beneath(root.get(), path.substr(1), kReadFlags);
    if (opened.file) return read(std::move(opened.file), path, previous);
    if (opened.error == EACCES) {  // a directory may be passable and yet not readable
        const Opened directory = open_beneath(root.get(), path.substr(1), O_PATH | O_DIRECTORY);
        if (directory.file) return {redirect(path)};
    }
    return {plain(status_of(opened.error))};
}

StaticFiles::Look StaticFiles::find_index(int root,
                                          const std::string& path,
                                          const FileEntryPtr& previous) const {
    for (const std::string& name : index_) {
        Opened opened = open_beneath(root, path.substr(1) + name, kReadFlags);
        if (!opened.file && opened.error == ENOENT) continue;
        if (!opened.file) return {plain(status_of(opened.error))};
        Look look = read(std::move(opened.file), path + name, previous);
        if (look.entry->status != 301) return look;  // a directory is no index
    }
    const Opened directory = open_beneath(root, path.substr(1), O_PATH | O_DIRECTORY);
    return {plain(directory.file ? std::uint16_t{403} : status_of(directory.error))};
}

StaticFiles::Look StaticFiles::read(os::UniqueFd file,
                                    const std::string& path,
                                    const FileEntryPtr& previous) const {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return {plain(500), false};
    if (!S_ISREG(status.st_mode)) return {S_ISDIR(status.st_mode) ? redirect(path) : plain(403)};
    auto entry = std::make_shared<FileEntry>();
    entry->status = 200;
    entry->identity = identity_of(status);
    if (unchanged(previous, entry->identity)) return {previous};

    const std::string_view type = types_.of(std::string_view(path).substr(path.rfind('/') + 1));
    const std::int64_t now_ns = to_us(os::wall_now()) * 1000;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const bool big = entry->identity.size > kMaxInMemory;
        if (!big && !read_small(file.get(), *entry)) return {plain(500), false};
        if (!big && !settle(file.get(), *entry)) continue;
        describe(*entry, type, now_ns);
        if (big) {
            entry->bytes = {};  // it was small a moment ago
            entry->file = std::move(file);
        }
        return {std::move(entry)};
    }
    // It is being written all the time: what we have is consistent with its length, and with
    // nothing else.
    entry->identity.size = entry->bytes.size();
    if (!type.empty()) entry->lines = fmt::format("Content-Type: {}\r\n", type);
    return {std::move(entry), false};
}

}  // namespace mpmd::handlers

#pragma once

// What one look at a path of the site found out: a small file with its bytes, a big one with its
// descriptor, or that there is a redirect, nothing, or something not to be served. Immutable,
// counted, made by a worker (StaticFiles) and answered from by both kinds of threads; an answer in
// flight survives eviction and change of the file.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/time.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::handlers {

// A file with more bytes is sent from its descriptor.
inline constexpr std::uint64_t kMaxInMemory = std::uint64_t{16} * 1024;

// Says whether a file is still the one that was read.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;  // since 1970
    std::int64_t changed_ns = 0;
    bool operator==(const FileIdentity&) const = default;
};

struct FileEntry {
    std::uint16_t status = 404;  // 200, 301, 403, 404; others are never kept
    std::string lines;  // 200: ETag, Last-Modified, Accept-Ranges, Content-Type; each with CRLF
    std::size_t validators = 0;  // prefix of `lines` that a 304 repeats
    std::string etag;            // with its quotes, W/ in front when weak
    std::string last_modified;   // as in the header
    std::int64_t modified = 0;   // seconds
    std::string location;        // 301: path without query
    FileIdentity identity;       // 200
    bool settled = false;  // last change is old enough for equal identity to mean equal content
    std::string bytes;     // 200, small
    os::UniqueFd file;     // 200, big
    mutable std::atomic<std::int64_t> resident_until_ns{0};  // page_cache.h; relaxed, a hint

    [[nodiscard]] std::size_t cost() const;  // bytes of memory, about
};

using FileEntryPtr = std::shared_ptr<const FileEntry>;

// Answers GET and HEAD from an entry: 200, 206, 301, 304, 403, 404, 412, 416 (RFC 9110 13, 14).
// Allocates nothing for 200 and 304. `response` is reset first.
void respond(const FileEntryPtr& entry, const http::Request& request, http::Response& response);

}  // namespace mpmd::handlers

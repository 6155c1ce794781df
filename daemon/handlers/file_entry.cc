#include "daemon/handlers/file_entry.h"

#include <fmt/format.h>

#include "daemon/handlers/error_page.h"
#include "daemon/http/conditional.h"
#include "daemon/http/range.h"

namespace mpmd::handlers {
namespace {

void set_body(const FileEntry& entry,
              std::uint64_t offset,
              std::uint64_t length,
              http::Response& response) {
    if (entry.file) {
        response.body = http::FileBody{entry.file.get(), offset, length, &entry.resident_until_ns};
    } else {
        response.body = http::MemoryBody{std::string_view(entry.bytes).substr(offset, length)};
    }
}

http::RangeChoice chosen_range(const FileEntry& entry,
                               const http::Request& request,
                               const http::Validators& have) {
    const bool wanted = request.method == http::Method::Get && request.has(http::FieldId::Range);
    if (!wanted || request.count(http::FieldId::Range) != 1) return {};
    if (!http::range_still_valid(request, have)) return {};
    return http::choose_range(request.value(http::FieldId::Range), entry.identity.size);
}

void respond_file(const FileEntryPtr& entry,
                  const http::Request& request,
                  http::Response& response) {
    const http::Validators have{entry->etag, entry->last_modified, entry->modified};
    switch (http::check_conditions(request, have)) {
        case http::Condition::Failed:
            return error_page(412, request, response);
        case http::Condition::NotModified:
            response.status = 304;
            response.headers = std::string_view(entry->lines).substr(0, entry->validators);
            response.owner = entry;
            return;
        case http::Condition::Proceed:
            break;
    }
    const http::RangeChoice range = chosen_range(*entry, request, have);
    if (range.kind == http::RangeChoice::Kind::Unsatisfiable) {
        error_page(416, request, response);
        response.extra = fmt::format("Content-Range: bytes */{}\r\n", entry->identity.size);
        return;
    }
    response.headers = entry->lines;
    response.owner = entry;
    if (range.kind == http::RangeChoice::Kind::Part) {
        response.status = 206;
        response.extra = fmt::format("Content-Range: bytes {}-{}/{}\r\n", range.first,
                                     range.first + range.length - 1, entry->identity.size);
        return set_body(*entry, range.first, range.length, response);
    }
    set_body(*entry, 0, entry->identity.size, response);
    if (request.method == http::Method::Head) response.drop_body();
}

}  // namespace

std::size_t FileEntry::cost() const {
    return sizeof(FileEntry) + lines.capacity() + etag.capacity() + last_modified.capacity() +
           location.capacity() + bytes.capacity();
}

void respond(const FileEntryPtr& entry, const http::Request& request, http::Response& response) {
    response.reset();
    if (entry->status == 200) return respond_file(entry, request, response);
    error_page(entry->status, request, response);
    if (entry->status != 301) return;
    const bool with_query = !request.query.empty();
    response.extra =
        fmt::format("Location: {}{}{}\r\n", entry->location, with_query ? "?" : "", request.query);
}

}  // namespace mpmd::handlers

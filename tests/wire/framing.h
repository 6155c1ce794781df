#pragma once

// Reads messages out of bytes as a connection does: one parser, one body reader, one input buffer
// that grows with each arrival and lies somewhere else each time (so that a view kept too long is
// seen by the sanitizer).

#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/body_reader.h"
#include "daemon/http/request_parser.h"

namespace mpmd::test {

struct Framed {
    int code = 1;          // 0 complete, 1 incomplete, else the status of the refusal
    std::size_t used = 0;  // complete: bytes of head and body
    std::string line;      // method, target, version
    std::string body;
    bool operator==(const Framed&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Framed& framed) {
    return out << "{" << framed.code << ", used " << framed.used << ", \"" << framed.line
               << "\", body of " << framed.body.size() << "}";
}

// One message; `arrivals` are growing sizes of what has arrived of `bytes`.
inline Framed frame(std::string_view bytes,
                    std::span<const std::size_t> arrivals,
                    const http::RequestLimits& limits = {}) {
    http::RequestParser parser;
    http::Request request;
    http::BodyReader body;
    Framed result;
    std::size_t start = 0;
    bool in_body = false;
    for (const std::size_t arrived : arrivals) {
        const std::vector<char> buffer(bytes.begin(),
                                       bytes.begin() + static_cast<std::ptrdiff_t>(arrived));
        const std::string_view all(buffer.data(), buffer.size());
        if (!in_body) {
            const http::ParseResult head = parser.feed(all.substr(start), limits, request);
            if (head.status == http::ParseResult::Status::NeedMore) continue;
            if (head.status == http::ParseResult::Status::Rejected) return {head.code, 0, {}, {}};
            result.line = std::string(request.method_text) + " " + std::string(request.target) +
                          (request.version == 11 ? " 1.1" : " 1.0");
            if (http::BodyReader::too_large(request, limits)) return {413, 0, {}, {}};
            body = http::BodyReader(request);
            start += head.used;
            in_body = true;
        }
        for (bool more = true; more;) {
            const http::BodyResult piece = body.read(all.substr(start), limits);
            start += piece.used;
            switch (piece.status) {
                case http::BodyResult::Status::Rejected:
                    return {piece.code, 0, {}, {}};
                case http::BodyResult::Status::Data:
                    result.body += piece.data;
                    break;
                case http::BodyResult::Status::NeedMore:
                    more = false;
                    break;
                case http::BodyResult::Status::Complete:
                    result.code = 0;
                    result.used = start;
                    return result;
            }
        }
    }
    return {};
}

inline Framed frame_whole(std::string_view bytes, const http::RequestLimits& limits = {}) {
    const std::size_t arrivals[] = {bytes.size()};
    return frame(bytes, arrivals, limits);
}

// All messages of a pipelined stream, up to the first that is not complete (which is the last of
// the result).
inline std::vector<Framed> frame_all(std::string_view bytes,
                                     const http::RequestLimits& limits = {}) {
    std::vector<Framed> messages;
    while (!bytes.empty()) {
        messages.push_back(frame_whole(bytes, limits));
        if (messages.back().code != 0) break;
        bytes.remove_prefix(messages.back().used);
    }
    return messages;
}

}  // namespace mpmd::test

#include "daemon/http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "daemon/base/text.h"
#include "daemon/http/target.h"

namespace mpmd::http {
namespace {

namespace beast = boost::beast;
namespace bh = boost::beast::http;

ParseResult refused(std::uint16_t code, std::string_view reason) {
    return {ParseResult::Status::Rejected, code, 0, reason};
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

Method method_of(bh::verb verb) {
    switch (verb) {
        case bh::verb::get:
            return Method::Get;
        case bh::verb::head:
            return Method::Head;
        case bh::verb::post:
            return Method::Post;
        case bh::verb::put:
            return Method::Put;
        case bh::verb::delete_:
            return Method::Delete;
        case bh::verb::connect:
            return Method::Connect;
        case bh::verb::options:
            return Method::Options;
        case bh::verb::trace:
            return Method::Trace;
        case bh::verb::patch:
            return Method::Patch;
        default:
            return Method::Other;
    }
}

FieldId id_of(bh::field field) {
    switch (field) {
        case bh::field::connection:
            return FieldId::Connection;
        case bh::field::content_length:
            return FieldId::ContentLength;
        case bh::field::expect:
            return FieldId::Expect;
        case bh::field::host:
            return FieldId::Host;
        case bh::field::if_match:
            return FieldId::IfMatch;
        case bh::field::if_modified_since:
            return FieldId::IfModifiedSince;
        case bh::field::if_none_match:
            return FieldId::IfNoneMatch;
        case bh::field::if_range:
            return FieldId::IfRange;
        case bh::field::if_unmodified_since:
            return FieldId::IfUnmodifiedSince;
        case bh::field::range:
            return FieldId::Range;
        case bh::field::referer:
            return FieldId::Referer;
        case bh::field::transfer_encoding:
            return FieldId::TransferEncoding;
        case bh::field::upgrade:
            return FieldId::Upgrade;
        case bh::field::user_agent:
            return FieldId::UserAgent;
        default:
            return FieldId::Other;
    }
}

// Of a line without its LF, which may not have come yet.
ParseResult check_line(std::string_view line, bool first, const RequestLimits& limits) {
    const std::size_t limit = first ? limits.line : limits.field_size;
    if (line.size() <= limit + 1) return {};  // one CR may be part of its end
    if (first) return refused(414, "request line is longer than LimitRequestLine");
    return refused(431, "field line is longer than LimitRequestFieldSize");
}

// What Beast 1.74 to 1.83 leave to the caller: one Host, one Content-Length of digits only,
// Transfer-Encoding exactly "chunked" and only in HTTP/1.1, never both; no folded fields; no bytes
// above 0x7e in the target; limits.
class HeadParser final : public bh::basic_parser<true> {
public:
    HeadParser(Request& request, const RequestLimits& limits) : request_(request), limits_(limits) {
        eager(false);
        header_limit(std::numeric_limits<std::uint32_t>::max());  // ours count lines and fields
        body_limit(std::numeric_limits<std::uint64_t>::max());    // none is broken in 1.74
    }

    // `lines` are complete lines.
    ParseResult parse(std::string_view lines) {
        beast::error_code error;
        std::size_t used = 0;
        // put() ends after the start line or the fields when it wants to be called again.
        while (used < lines.size() && !is_header_done()) {
            const std::size_t n =
                put(boost::asio::const_buffer(lines.data() + used, lines.size() - used), error);
            used += n;
            if (error || n == 0) break;
        }
        if (code_ != 0) return refused(code_, reason_);
        if (error == bh::error::need_more) return check_rest(lines.substr(used));
        if (error == bh::error::bad_version) return reject_version(lines);
        if (error) return refused(400, reason_of(error));
        if (!is_header_done()) return {};
        return {ParseResult::Status::HeadComplete, 0, used, {}};
    }

private:
    using Text = beast::string_view;
    using Code = beast::error_code;

    // Whole lines that Beast has not taken. A first line that is no request line will not become
    // one. A field is taken when the line behind it begins, to see whether that is a fold: so one
    // line may be left, and two are a fold.
    [[nodiscard]] ParseResult check_rest(std::string_view rest) const {
        if (!started_) return refused(400, "malformed request line");
        if (rest.empty()) return {};
        rest.remove_suffix(1);
        if (rest.find('\n') != std::string_view::npos) return refused(400, "folded field line");
        return check_line(rest, false, limits_);
    }

    void refuse(std::uint16_t code, std::string_view reason, Code& error) {
        code_ = code;
        reason_ = reason;
        error = bh::error::bad_value;
    }

    // "GET / HTTP/3.0": understood, not supported. Anything else that is no version: 400.
    static ParseResult reject_version(std::string_view lines) {
        std::string_view line = lines.substr(0, lines.find('\n'));
        if (!line.ends_with('\r')) return refused(400, "line does not end in CRLF");
        line.remove_suffix(1);
        const std::string_view version = line.substr(line.rfind(' ') + 1);
        const auto digit = [](char c) { return c >= '0' && c <= '9'; };
        const bool known = version.size() == 8 && version.starts_with("HTTP/") &&
                           digit(version[5]) && version[6] == '.' && digit(version[7]);
        if (known) return refused(505, "HTTP version is not 1.0 or 1.1");
        return refused(400, "malformed HTTP version");
    }

    static std::string_view reason_of(const Code& error) {
        switch (static_cast<bh::error>(error.value())) {
            case bh::error::bad_line_ending:
                return "line does not end in CRLF";
            case bh::error::bad_method:
                return "malformed method";
            case bh::error::bad_target:
                return "malformed request target";
            case bh::error::bad_field:
                return "malformed field name";
            case bh::error::bad_value:
                return "malformed field value";
            case bh::error::bad_content_length:
                return "malformed or conflicting Content-Length";
            case bh::error::bad_transfer_encoding:
                return "conflicting Transfer-Encoding";
            case bh::error::header_limit:
                return "folded field line";
            default:
                return "malformed request";
        }
    }

    void on_request_impl(
        bh::verb verb, Text method, Text target, int version, Code& error) override {
        error = {};
        started_ = true;
        request_.method = method_of(verb);
        request_.method_text = view(method);
        request_.target = view(target);
        request_.version = version >= 11 ? 11 : 10;
        const auto line =
            static_cast<std::size_t>(target.data() + target.size() - method.data()) + 9;
        if (line > limits_.line)
            return refuse(414, "request line is longer than LimitRequestLine", error);
        for (const char c : request_.target) {
            if (static_cast<unsigned char>(c) > 0x7e)
                return refuse(400, "byte above 0x7e in the target", error);
        }
        if (!split_target(request_)) return refuse(400, "malformed request target", error);
    }

    void on_field_impl(bh::field field, Text name, Text value, Code& error) override {
        error = {};
        const char* const begin = name.data();
        // Beast hands out a folded value from a buffer of its own, or from the next line: neither
        // follows the colon.
        const char* at = begin + name.size() + 1;
        while (is_blank(*at))
            ++at;
        if (at != value.data()) return refuse(400, "folded field line", error);
        at += value.size();
        while (is_blank(*at))
            ++at;
        if (*at != '\r') return refuse(400, "folded field line", error);
        if (static_cast<std::size_t>(at - begin) > limits_.field_size)
            return refuse(431, "field line is longer than LimitRequestFieldSize", error);
        if (limits_.fields != 0 && request_.fields.size() >= limits_.fields)
            return refuse(431, "more fields than LimitRequestFields", error);
        const FieldId id = id_of(field);
        request_.fields.push_back({id, view(name), view(value)});
        if (id == FieldId::Other) return;
        const bool again = request_.has(id);
        request_.present |= 1u << static_cast<unsigned>(id);
        on_known_field(id, view(value), again, error);
    }

    void on_known_field(FieldId id, std::string_view value, bool again, Code& error) {
        switch (id) {
            case FieldId::Host:
                if (again) return refuse(400, "more than one Host", error);
                if (!valid_host(value)) return refuse(400, "malformed Host", error);
                if (request_.host.empty()) request_.host = value;
                break;
            case FieldId::ContentLength: {
                if (again) return refuse(400, "more than one Content-Length", error);
                const std::optional<std::uint64_t> length = digits(value);
                if (!length) return refuse(400, "malformed Content-Length", error);
                request_.content_length = length;
                break;
            }
            case FieldId::TransferEncoding:
                on_transfer_encoding(value, again, error);
                break;
            case FieldId::Connection:
                on_connection(value);
                break;
            case FieldId::Expect:
                if (!text::iequals(value, "100-continue"))
                    return refuse(417, "unknown expectation", error);
                request_.expect_continue = request_.version >= 11;
                break;
            default:
                break;
        }
    }

    void on_transfer_encoding(std::string_view value, bool again, Code& error) {
        if (again) return refuse(400, "more than one Transfer-Encoding", error);
        if (text::iequals(value, "chunked")) {
            request_.chunked = true;
            return;
        }
        // A coding we do not know, alone or before a final "chunked": 501 (RFC 9112 6.1). The rest
        // is no framing.
        const std::size_t comma = value.rfind(',');
        const bool alone = comma == std::string_view::npos;
        if (alone || text::iequals(text::trim(value.substr(comma + 1)), "chunked"))
            return refuse(501, "unknown transfer coding", error);
        refuse(400, "Transfer-Encoding does not end in chunked", error);
    }

    void on_connection(std::string_view value) {
        while (!value.empty()) {
            const std::size_t comma = std::min(value.find(','), value.size());
            const std::string_view token = text::trim(value.substr(0, comma));
            if (text::iequals(token, "close")) request_.wants_close = true;
            if (text::iequals(token, "keep-alive")) request_.wants_keep_alive = true;
            value.remove_prefix(std::min(comma + 1, value.size()));
        }
    }

    static std::optional<std::uint64_t> digits(std::string_view value) {
        if (value.empty() || value.front() < '0' || value.front() > '9') return std::nullopt;
        return text::parse_uint(value);
    }

    void on_header_impl(Code& error) override {
        error = {};
        if (request_.has(FieldId::TransferEncoding)) {
            if (request_.version < 11) return refuse(400, "Transfer-Encoding in HTTP/1.0", error);
            if (request_.content_length)
                return refuse(400, "Content-Length and Transfer-Encoding", error);
        }
        if (request_.version >= 11 && !request_.has(FieldId::Host)) refuse(400, "no Host", error);
    }

    // Bodies are BodyReader's.
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code& error) override {
        error = {};
    }
    std::size_t on_body_impl(Text, Code& error) override {
        error = {};
        return 0;
    }
    void on_chunk_header_impl(std::uint64_t, Text, Code& error) override { error = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, Text, Code& error) override {
        error = {};
        return 0;
    }
    void on_finish_impl(Code& error) override { error = {}; }
    void on_response_impl(int, Text, int, Code& error) override { error = {}; }

    Request& request_;
    const RequestLimits& limits_;
    bool started_ = false;  // the request line was read
    std::uint16_t code_ = 0;
    std::string_view reason_;
};

constexpr std::string_view kHeadTooLarge = "request head is too large";

}  // namespace

ParseResult RequestParser::feed(std::string_view unread,
                                const RequestLimits& limits,
                                Request& request) {
    // RFC 9112 2.2: one empty line before a request is forgiven.
    const std::size_t skipped = unread.starts_with("\r\n") ? 2 : 0;
    const std::size_t lines_end = unread.rfind('\n') + 1;  // npos + 1 is 0
    if (lines_end > std::max<std::size_t>(parsed_, skipped)) {
        request.reset();
        HeadParser parser(request, limits);
        ParseResult result = parser.parse(unread.substr(skipped, lines_end - skipped));
        if (result.status == ParseResult::Status::HeadComplete) {
            result.used += skipped;
            if (result.used > head_limit(limits)) return refused(431, kHeadTooLarge);
            request.head_size = static_cast<std::uint32_t>(result.used);
        }
        if (result.status != ParseResult::Status::NeedMore) return result;
        parsed_ = static_cast<std::uint32_t>(std::min(lines_end, head_limit(limits) + 1));
    }
    if (unread.size() > head_limit(limits)) return refused(431, kHeadTooLarge);
    return check_line(unread.substr(lines_end), lines_end <= skipped, limits);
}

}  // namespace mpmd::http

// What a script says before its body: read in any pieces it is the same head, and nothing of it can
// add a line to our response that the script did not write, or one that is the server's.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "daemon/base/text.h"
#include "daemon/handlers/cgi_head.h"

namespace {

using mpmd::handlers::CgiHead;
using mpmd::handlers::parse_cgi_head;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

void check_lines(std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        require(end != std::string_view::npos, "a line without an end");
        const std::string_view line = lines.substr(0, end);
        require(line.find_first_of("\r\n") == std::string_view::npos, "a line in a line");
        require(line.find('\0') == std::string_view::npos, "a zero");
        const std::size_t colon = line.find(": ");
        require(colon != std::string_view::npos && colon > 0, "a line that is no field");
        for (const char* ours : {"connection", "transfer-encoding", "content-length", "date"})
            require(!mpmd::text::iequals(line.substr(0, colon), ours), "a line that is ours");
        lines.remove_prefix(end + 2);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const CgiHead head = parse_cgi_head(text, true);
    require(head.result != CgiHead::Result::NeedMore, "an end that is none");
    if (head.result == CgiHead::Result::Bad) {
        require(!head.reason.empty(), "no reason");
        return 0;
    }
    require(head.used > 0 && head.used <= size, "more was read than is there");
    require(head.status >= 200 && head.status <= 599, "a status that ends no request");
    check_lines(head.lines);
    require(head.local_redirect.find_first_of("\r\n") == std::string::npos, "a redirect in lines");
    for (std::size_t cut = 0; cut < head.used && cut < 64; ++cut)
        require(parse_cgi_head(text.substr(0, cut), false).result != CgiHead::Result::Complete,
                "a head is whole before its end");
    const CgiHead again = parse_cgi_head(text.substr(0, head.used), false);
    require(again.lines == head.lines && again.status == head.status, "another head without body");
    return 0;
}

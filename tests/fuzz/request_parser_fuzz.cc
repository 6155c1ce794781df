// What a client may send: a message is framed alike in one piece and in two, and what Boost.Beast's
// own parser refuses or cuts elsewhere is never taken (ours may refuse more).

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "tests/wire/framing.h"

namespace {

namespace bh = boost::beast::http;
using mpmd::test::Framed;

// Beast reads head and body; used and body when it accepts.
class Oracle final : public bh::basic_parser<true> {
public:
    Oracle() {
        eager(true);
        header_limit(std::numeric_limits<std::uint32_t>::max());
        body_limit(std::numeric_limits<std::uint64_t>::max());
    }
    std::string body;

private:
    using Text = boost::beast::string_view;
    using Code = boost::beast::error_code;
    void on_request_impl(bh::verb, Text, Text, int, Code& error) override { error = {}; }
    void on_response_impl(int, Text, int, Code& error) override { error = {}; }
    void on_field_impl(bh::field, Text, Text, Code& error) override { error = {}; }
    void on_header_impl(Code& error) override { error = {}; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code& error) override {
        error = {};
    }
    std::size_t on_body_impl(Text text, Code& error) override {
        error = {};
        body.append(text.data(), text.size());
        return text.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, Code& error) override { error = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, Text text, Code& error) override {
        return on_body_impl(text, error);
    }
    void on_finish_impl(Code& error) override { error = {}; }
};

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

void compare_with_beast(std::string_view bytes, const Framed& ours) {
    if (ours.code != 0) return;
    const std::size_t skipped = bytes.starts_with("\r\n") ? 2 : 0;
    Oracle oracle;
    std::size_t used = skipped;
    while (!oracle.is_done() && used < bytes.size()) {
        boost::beast::error_code error;
        const std::size_t n =
            oracle.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
        used += n;
        if (error && error != bh::error::need_more) require(false, "we take what Beast refuses");
        if (error && n == 0) break;
    }
    require(oracle.is_done(), "we end where Beast waits for more");
    require(used == ours.used, "a message ends elsewhere than for Beast");
    require(oracle.body == ours.body, "another body than Beast's");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    mpmd::http::RequestLimits limits;
    limits.line = 100;  // near enough for the fuzzer to reach
    limits.field_size = 120;
    limits.fields = 8;
    limits.body = 4096;
    const Framed whole = mpmd::test::frame_whole(bytes, limits);
    const std::size_t cut = data[0] * bytes.size() / 256;
    const std::size_t arrivals[] = {cut, bytes.size()};
    const Framed split = mpmd::test::frame(bytes, arrivals, limits);
    require((whole.code > 1) == (split.code > 1), "verdict depends on how the bytes arrive");
    require(whole.code > 1 || whole == split, "framing depends on how the bytes arrive");
    compare_with_beast(bytes, whole);
    return 0;
}

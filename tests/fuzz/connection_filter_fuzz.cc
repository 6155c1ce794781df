// What any viewer may send as filter and order: reading it never fails but with a column inside the
// text (or just behind it), and what is read can be asked of any row.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "daemon/control/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpmd::control;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ConnectionFacts row;
    row.now_ns = 1'000'000'000'000;
    row.row.family = 4;
    row.row.number = 1;
    std::memcpy(row.row.target.data(), "/a/long/path", 12);
    if (const auto filter = Filter::parse(text)) {
        (void)filter->matches(row);
        row.row.thread = -1;
        row.row.family = 6;
        (void)filter->matches(row);
    } else if (filter.error().column == 0 || filter.error().column > size + 1 ||
               filter.error().message.empty()) {
        std::abort();
    }
    if (const auto order = Order::parse(text)) {
        const OrderKey key = order_key(*order, row);
        if (before(*order, key, key)) std::abort();
    } else if (order.error().column == 0 || order.error().column > size + 1) {
        std::abort();
    }
    return 0;
}

#pragma once

// Which connections, in which order, and which part of them: shared by frames and lists. Collecting
// reads every row of every child once; no clock. Any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/control/failure.h"
#include "daemon/control/filter.h"
#include "daemon/control/sample.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::control {

struct ConnectionQuery {
    Filter filter;
    Order order;

    // Failure: INVALID_ARGUMENT / BAD_FILTER or BAD_ORDER with the column.
    [[nodiscard]] static Outcome<ConnectionQuery> parse(std::string_view filter,
                                                        std::string_view order_by);
};

[[nodiscard]] std::vector<ConnectionFacts> collect_connections(const scoreboard::View& view,
                                                               const Sample& sample);

// The rows that match, in order, from `offset`, at most `limit`.
struct Selection {
    std::vector<const ConnectionFacts*> rows;  // into the vector that was given
    std::size_t matched = 0;                   // all that match
};
[[nodiscard]] Selection select_window(const std::vector<ConnectionFacts>& connections,
                                      const ConnectionQuery& query,
                                      std::size_t offset,
                                      std::size_t limit);

// A page: the rows after the one that the token names (rows come and go between pages; none that
// stays is skipped or shown twice, unless what it is ordered by changes). Tokens are opaque, and
// good for the same filter and order only.
struct Page {
    Selection selection;
    std::string next_token;  // "" = the last page
};
[[nodiscard]] Outcome<Page> select_page(const std::vector<ConnectionFacts>& connections,
                                        const ConnectionQuery& query,
                                        std::string_view query_text,
                                        std::string_view token,
                                        std::size_t size);

}  // namespace mpmd::control

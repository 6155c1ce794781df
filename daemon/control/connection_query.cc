#include "daemon/control/connection_query.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::control {
namespace {

Failure bad(std::string_view reason, std::string_view field, const FilterError& error) {
    Failure failure;
    failure.code = Code::InvalidArgument;
    failure.reason = reason;
    failure.message = fmt::format("{}: {}", field, error.text());
    failure.metadata = {{"column", fmt::format("{}", error.column)}};
    if (!error.suggestion.empty()) failure.metadata.emplace_back("suggestion", error.suggestion);
    failure.violations = {{std::string(field), error.text()}};
    return failure;
}

// FNV-1a: tells the tokens of one query from those of another; not a secret.
std::uint64_t digest(std::string_view text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

std::string to_hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes)
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        unsigned value = 0;
        const auto [stop, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        if (error != std::errc{} || stop != hex.data() + i + 2) return std::nullopt;
        out += static_cast<char>(value);
    }
    return out;
}

std::string token_of(const OrderKey& key, std::string_view query_text) {
    return fmt::format("{:x}.{}.{}.{}.{}", digest(query_text), key.child_uid, key.connection,
                       key.number, to_hex(key.text));
}

std::optional<OrderKey> key_of(std::string_view token, std::string_view query_text) {
    const auto parts = text::split(token, '.');
    if (parts.size() != 5 || parts[0] != fmt::format("{:x}", digest(query_text)))
        return std::nullopt;
    const auto child = text::parse_uint(parts[1]);
    const auto connection = text::parse_uint(parts[2]);
    const auto number = text::parse_int(parts[3]);
    const auto text = from_hex(parts[4]);
    if (!child || !connection || !number || !text) return std::nullopt;
    OrderKey key;
    key.child_uid = *child;
    key.connection = *connection;
    key.number = *number;
    key.text = *text;
    return key;
}

struct Keyed {
    OrderKey key;
    const ConnectionFacts* row = nullptr;
};

std::vector<Keyed> matching(const std::vector<ConnectionFacts>& connections,
                            const ConnectionQuery& query) {
    std::vector<Keyed> found;
    for (const ConnectionFacts& connection : connections)
        if (query.filter.matches(connection))
            found.push_back({order_key(query.order, connection), &connection});
    return found;
}

// The first `count` in order at the front.
void order_first(std::vector<Keyed>& rows, const Order& order, std::size_t count) {
    const auto less = [&order](const Keyed& a, const Keyed& b) {
        return before(order, a.key, b.key);
    };
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::min(count, rows.size()));
    std::partial_sort(rows.begin(), middle, rows.end(), less);
}

}  // namespace

Outcome<ConnectionQuery> ConnectionQuery::parse(std::string_view filter,
                                                std::string_view order_by) {
    auto parsed = Filter::parse(filter);
    if (!parsed) return refuse(bad("BAD_FILTER", "filter", parsed.error()));
    auto order = Order::parse(order_by);
    if (!order) return refuse(bad("BAD_ORDER", "order_by", order.error()));
    return ConnectionQuery{std::move(*parsed), *order};
}

std::vector<ConnectionFacts> collect_connections(const scoreboard::View& view,
                                                 const Sample& sample) {
    std::vector<ConnectionFacts> connections;
    connections.reserve(sample.snapshot.totals.connections);
    for (const scoreboard::Child& child : sample.snapshot.children) {
        scoreboard::each_connection(view, child.row,
                                    [&](std::uint32_t, const scoreboard::ConnectionRow& row) {
                                        ConnectionFacts facts;
                                        facts.epoch = sample.snapshot.global.epoch;
                                        facts.child_uid = child.row.uid;
                                        facts.pid = child.row.pid;
                                        facts.now_ns = to_ns(sample.mono);
                                        facts.row = row;
                                        connections.push_back(facts);
                                    });
    }
    return connections;
}

Selection select_window(const std::vector<ConnectionFacts>& connections,
                        const ConnectionQuery& query,
                        std::size_t offset,
                        std::size_t limit) {
    std::vector<Keyed> rows = matching(connections, query);
    Selection selection;
    selection.matched = rows.size();
    if (offset >= rows.size()) return selection;
    const std::size_t end = offset + std::min(limit, rows.size() - offset);
    order_first(rows, query.order, end);
    for (std::size_t i = offset; i < end; ++i)
        selection.rows.push_back(rows[i].row);
    return selection;
}

Outcome<Page> select_page(const std::vector<ConnectionFacts>& connections,
                          const ConnectionQuery& query,
                          std::string_view query_text,
                          std::string_view token,
                          std::size_t size) {
    std::vector<Keyed> rows = matching(connections, query);
    Page page;
    page.selection.matched = rows.size();
    if (!token.empty()) {
        const auto after = key_of(token, query_text);
        if (!after) {
            return refuse(
                {Code::InvalidArgument,
                 "BAD_PAGE_TOKEN",
                 "page_token was not given for this filter and order; begin again without it",
                 {},
                 {{"page_token", "of another query"}}});
        }
        const auto seen = [&](const Keyed& row) { return !before(query.order, *after, row.key); };
        rows.erase(std::remove_if(rows.begin(), rows.end(), seen), rows.end());
    }
    const std::size_t count = std::min(size, rows.size());
    order_first(rows, query.order, count);
    for (std::size_t i = 0; i < count; ++i)
        page.selection.rows.push_back(rows[i].row);
    if (count < rows.size() && count > 0)
        page.next_token = token_of(rows[count - 1].key, query_text);
    return page;
}

}  // namespace mpmd::control

#pragma once

// Pure. The filter language of connections (mpmctl-filters(7)):
//
//   filter = [ or ]                                   nothing: every row
//   or     = and { "or" and }
//   and    = not { [ "and" ] not }                    terms side by side are joined by "and"
//   not    = "not" not | "(" or ")" | term
//   term   = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" ) value | field "in" network
//   value  = word | "text" | 'text'                   \ takes the next character as it is
//
// Words in any case. "~" asks whether the text contains the pattern: * stands for any characters, ?
// for one, a ^ at the beginning and a $ at the end tie it to the ends. Durations are 500ms, 5s,
// 1h30m; sizes 64k, 2M; networks 10.0.0.0/8. A parked connection has no thread: thread = none. A
// filter is at most 4,096 characters and 256 terms.
//
// A wrong filter is refused with the column of what is wrong, and what would be right where that
// can be told.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/control/connection_field.h"

namespace mpmd::control {

struct FilterError {
    std::size_t column = 0;  // 1-based, of the first character that is wrong
    std::string message;     // a sentence without the column
    std::string suggestion;  // what would be taken in its place, "" = nothing to suggest
    [[nodiscard]] std::string text() const;
};

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, AtMost, More, AtLeast, Like, In };

struct Term {
    const Field* field = nullptr;
    Comparison comparison = Comparison::Equal;
    std::int64_t number = 0;
    std::string text;          // pattern (lower case), text, address
    std::uint32_t states = 0;  // bit set of ConnectionState
    std::uint8_t family = 0;   // of address and network
    std::uint8_t prefix = 0;   // length of the network's mask
    std::int32_t port = -1;    // -1 = any
    std::array<std::uint8_t, 16> address{};
};

class Filter {
public:
    enum class NodeKind : std::uint8_t { And, Or, Not, Term };
    struct Node {
        NodeKind kind = NodeKind::Term;
        std::size_t left = 0;   // And, Or, Not: a node; Term: index of the term
        std::size_t right = 0;  // And, Or
    };

    Filter() = default;  // matches everything
    // `nodes` name earlier nodes only; the last one is the root.
    Filter(std::vector<Node> nodes, std::vector<Term> terms)
        : nodes_(std::move(nodes)), terms_(std::move(terms)) {}
    [[nodiscard]] static tl::expected<Filter, FilterError> parse(std::string_view text);
    [[nodiscard]] bool matches(const ConnectionFacts& connection) const;
    [[nodiscard]] bool empty() const { return nodes_.empty(); }

private:
    [[nodiscard]] bool holds(std::size_t node, const ConnectionFacts& connection) const;

    std::vector<Node> nodes_;
    std::vector<Term> terms_;
};

// How a list is ordered: one field, then the id.
struct Order {
    const Field* field = nullptr;  // null = by id
    bool descending = false;

    // "age_ms desc"; "" = by id.
    [[nodiscard]] static tl::expected<Order, FilterError> parse(std::string_view text);
};

// Where a row stands in an order, as a value that a page token can carry.
struct OrderKey {
    std::int64_t number = 0;
    std::string text;
    std::uint64_t child_uid = 0;
    std::uint64_t connection = 0;
    bool operator==(const OrderKey&) const = default;
};
[[nodiscard]] OrderKey order_key(const Order& order, const ConnectionFacts& connection);
[[nodiscard]] bool before(const Order& order, const OrderKey& a, const OrderKey& b);

}  // namespace mpmd::control

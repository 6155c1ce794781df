#include "daemon/control/filter.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/filter_value.h"

namespace mpmd::control {
namespace {

using Facts = ConnectionFacts;

bool compare(std::int64_t left, Comparison comparison, std::int64_t right) {
    switch (comparison) {
        case Comparison::Equal:
            return left == right;
        case Comparison::NotEqual:
            return left != right;
        case Comparison::Less:
            return left < right;
        case Comparison::AtMost:
            return left <= right;
        case Comparison::More:
            return left > right;
        case Comparison::AtLeast:
            return left >= right;
        default:
            return false;
    }
}

bool within(const Term& term, const std::array<std::uint8_t, 16>& address) {
    std::size_t bits = term.prefix;
    for (std::size_t i = 0; i < address.size() && bits > 0; ++i) {
        const std::size_t take = bits < 8 ? bits : 8;
        const auto mask = static_cast<std::uint8_t>(0xff00U >> take);
        if ((address[i] & mask) != (term.address[i] & mask)) return false;
        bits -= take;
    }
    return true;
}

bool address_holds(const Term& term, const Facts& connection) {
    if (term.comparison == Comparison::Like)
        return like(text::lower(term.field->text(connection)), term.text);
    const Endpoint endpoint = term.field->endpoint(connection);
    const bool same_family = connection.row.family == term.family;
    if (term.comparison == Comparison::In) return same_family && within(term, endpoint.address);
    const bool same = same_family && endpoint.address == term.address &&
                      (term.port < 0 || term.port == endpoint.port);
    return same == (term.comparison == Comparison::Equal);
}

bool text_holds(const Term& term, const Facts& connection) {
    const std::string text = term.field->text(connection);
    if (term.comparison == Comparison::Like) return like(text::lower(text), term.text);
    return (text == term.text) == (term.comparison == Comparison::Equal);
}

bool term_holds(const Term& term, const Facts& connection) {
    switch (term.field->kind) {
        case FieldKind::Address:
            return address_holds(term, connection);
        case FieldKind::Text:
            return text_holds(term, connection);
        case FieldKind::State: {
            const auto state = static_cast<std::uint32_t>(connection.row.state);
            const bool in = state < 32 && ((term.states >> state) & 1U) != 0;
            return in == (term.comparison == Comparison::Equal);
        }
        case FieldKind::Thread: {
            const std::int64_t thread = connection.row.thread < 0 ? -1 : connection.row.thread;
            // A parked connection has no thread: it is less or more than none.
            if (thread < 0 && term.number >= 0 && term.comparison != Comparison::NotEqual)
                return false;
            return compare(thread, term.comparison, term.number);
        }
        default:
            return compare(term.field->number(connection), term.comparison, term.number);
    }
}

std::string endpoint_key(const Facts& connection, const Endpoint& endpoint) {
    std::string key(1, static_cast<char>(connection.row.family));
    key.append(reinterpret_cast<const char*>(endpoint.address.data()), endpoint.address.size());
    key += static_cast<char>(endpoint.port >> 8U);
    key += static_cast<char>(endpoint.port & 0xffU);
    return key;
}

}  // namespace

std::string FilterError::text() const {
    std::string out = fmt::format("column {}: {}", column, message);
    if (!suggestion.empty()) out += fmt::format("; did you mean \"{}\"?", suggestion);
    return out;
}

bool Filter::holds(std::size_t node, const ConnectionFacts& connection) const {
    const Node& here = nodes_[node];
    switch (here.kind) {
        case NodeKind::And:
            return holds(here.left, connection) && holds(here.right, connection);
        case NodeKind::Or:
            return holds(here.left, connection) || holds(here.right, connection);
        case NodeKind::Not:
            return !holds(here.left, connection);
        case NodeKind::Term:
            return term_holds(terms_[here.left], connection);
    }
    return false;
}

bool Filter::matches(const ConnectionFacts& connection) const {
    return nodes_.empty() || holds(nodes_.size() - 1, connection);
}

tl::expected<Order, FilterError> Order::parse(std::string_view text) {
    const std::string_view trimmed = text::trim(text);
    if (trimmed.empty()) return Order{};
    const std::size_t blank = trimmed.find_first_of(" \t");
    const std::string_view name = trimmed.substr(0, blank);
    const std::string_view direction =
        blank == std::string_view::npos ? "" : text::trim(trimmed.substr(blank));
    Order order;
    order.field = find_field(name);
    const auto column_of = [&text](std::string_view part) {
        return static_cast<std::size_t>(part.data() - text.data()) + 1;
    };
    if (order.field == nullptr) {
        return tl::unexpected<FilterError>(
            {column_of(name),
             fmt::format("there is no field \"{}\" to order by", text::escape(name)),
             std::string(suggest_field(name))});
    }
    order.descending = text::iequals(direction, "desc");
    if (!direction.empty() && !order.descending && !text::iequals(direction, "asc")) {
        return tl::unexpected<FilterError>(
            {column_of(direction),
             fmt::format("\"{}\" is no direction; use asc or desc", text::escape(direction)), ""});
    }
    return order;
}

OrderKey order_key(const Order& order, const ConnectionFacts& connection) {
    OrderKey key;
    key.child_uid = connection.child_uid;
    key.connection = connection.row.number;
    if (order.field == nullptr || order.field->name == "id") return key;
    if (order.field->order != nullptr)
        key.number = order.field->order(connection);
    else if (order.field->endpoint != nullptr)
        key.text = endpoint_key(connection, order.field->endpoint(connection));
    else if (order.field->number != nullptr)
        key.number = order.field->number(connection);
    else
        key.text = order.field->text(connection);
    return key;
}

bool before(const Order& order, const OrderKey& a, const OrderKey& b) {
    const bool by_id = order.field == nullptr || order.field->name == "id";
    if (a.number != b.number) return (a.number < b.number) != order.descending;
    if (const int text = a.text.compare(b.text); text != 0) return (text < 0) != order.descending;
    const bool reverse = by_id && order.descending;
    if (a.child_uid != b.child_uid) return (a.child_uid < b.child_uid) != reverse;
    if (a.connection != b.connection) return (a.connection < b.connection) != reverse;
    return false;
}

}  // namespace mpmd::control

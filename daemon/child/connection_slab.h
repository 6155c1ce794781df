#pragma once

// All connections of a child, one per scoreboard row. Memory comes in blocks, is reused last in
// first out, and never moves or goes back: a stale pointer finds a closed connection. Listener
// only.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/child/connection.h"

namespace mpmd::child {

class ConnectionSlab {
public:
    explicit ConnectionSlab(std::uint32_t rows) : rows_(rows) {}

    [[nodiscard]] Connection* take();  // null: no row is free
    void give_back(Connection& connection);
    [[nodiscard]] std::uint32_t open() const { return open_; }
    [[nodiscard]] std::uint32_t rows() const { return rows_; }
    template <class Visit>
    void for_each_open(Visit visit) {
        for (const auto& block : blocks_)
            for (Connection& connection : *block)
                if (connection.number != 0) visit(connection);
    }

private:
    static constexpr std::uint32_t kBlock = 64;
    using Block = std::array<Connection, kBlock>;

    const std::uint32_t rows_;
    std::uint32_t open_ = 0;
    std::uint32_t made_ = 0;  // rows that were ever used
    std::vector<std::unique_ptr<Block>> blocks_;
    std::vector<Connection*> free_;
};

}  // namespace mpmd::child

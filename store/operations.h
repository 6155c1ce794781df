#pragma once

// Operations that the supervisor has run: its scoreboard shows the last 64, this keeps them all.
// Control writes the newest picture of each, also of those that ended while it was away. Thread:
// the store writer. Words (kind, state) are those of the API.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "store/database.h"

namespace mpmd::store {

struct OperationStep {
    std::uint32_t slot = 0;
    std::uint64_t old_uid = 0;
    std::uint32_t old_pid = 0;
    std::uint64_t new_uid = 0;
    std::uint32_t new_pid = 0;
    std::string state;
    std::int64_t start_time_us = 0;
    std::int64_t end_time_us = 0;
    bool operator==(const OperationStep&) const = default;
};

struct Operation {
    std::uint64_t number = 0;
    std::uint64_t update = 0;
    std::string kind;
    std::string state;
    std::uint32_t uid = 0;
    std::uint32_t total = 0;
    std::uint32_t done = 0;
    std::uint32_t draining = 0;
    std::int64_t create_time_us = 0;
    std::int64_t end_time_us = 0;  // 0 = running when last seen
    std::uint64_t revision = 0;
    std::uint32_t generation = 0;
    std::string result;
    std::string reason;
    std::vector<OperationStep> steps;
    bool operator==(const Operation&) const = default;
};

class Operations {
public:
    explicit Operations(Database& database) : database_(database) {}

    // Keeps this picture unless the one it has is as new.
    [[nodiscard]] Result<> keep(const Operation& operation);
    [[nodiscard]] Result<std::optional<Operation>> get(std::uint64_t number) const;
    // Those that had not ended when they were last seen, the oldest first.
    [[nodiscard]] Result<std::vector<Operation>> unfinished() const;
    // Newest first, numbers below `before` (0 = all), without steps.
    [[nodiscard]] Result<std::vector<Operation>> list(std::uint64_t before,
                                                      std::size_t limit) const;

private:
    Database& database_;
};

}  // namespace mpmd::store

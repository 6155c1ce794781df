#include "store/operations.h"

#include <SQLiteCpp/SQLiteCpp.h>

namespace mpmd::store {
namespace {

constexpr const char* kColumns =
    "number, update_number, kind, state, uid, total, done, draining, create_time_us, end_time_us, "
    "revision, generation, result, reason";

std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

Operation operation_of(SQLite::Statement& row) {
    Operation operation;
    operation.number = static_cast<std::uint64_t>(row.getColumn(0).getInt64());
    operation.update = static_cast<std::uint64_t>(row.getColumn(1).getInt64());
    operation.kind = row.getColumn(2).getString();
    operation.state = row.getColumn(3).getString();
    operation.uid = row.getColumn(4).getUInt();
    operation.total = row.getColumn(5).getUInt();
    operation.done = row.getColumn(6).getUInt();
    operation.draining = row.getColumn(7).getUInt();
    operation.create_time_us = row.getColumn(8).getInt64();
    operation.end_time_us = row.getColumn(9).getInt64();
    operation.revision = static_cast<std::uint64_t>(row.getColumn(10).getInt64());
    operation.generation = row.getColumn(11).getUInt();
    operation.result = row.getColumn(12).getString();
    operation.reason = row.getColumn(13).getString();
    return operation;
}

void insert_head(SQLite::Database& connection, const Operation& operation) {
    SQLite::Statement insert(connection, std::string("INSERT INTO operations (") + kColumns +
                                             ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert.bind(1, signed_of(operation.number));
    insert.bind(2, signed_of(operation.update));
    insert.bind(3, operation.kind);
    insert.bind(4, operation.state);
    insert.bind(5, operation.uid);
    insert.bind(6, operation.total);
    insert.bind(7, operation.done);
    insert.bind(8, operation.draining);
    insert.bind(9, operation.create_time_us);
    insert.bind(10, operation.end_time_us);
    insert.bind(11, signed_of(operation.revision));
    insert.bind(12, operation.generation);
    insert.bind(13, operation.result);
    insert.bind(14, operation.reason);
    insert.exec();
}

void insert_steps(SQLite::Database& connection, const Operation& operation) {
    SQLite::Statement insert(
        connection,
        "INSERT INTO operation_steps (operation, position, slot, old_uid, old_pid, new_uid, "
        "new_pid, state, start_time_us, end_time_us) VALUES (?,?,?,?,?,?,?,?,?,?)");
    std::int64_t position = 0;
    for (const OperationStep& step : operation.steps) {
        insert.bind(1, signed_of(operation.number));
        insert.bind(2, position++);
        insert.bind(3, step.slot);
        insert.bind(4, signed_of(step.old_uid));
        insert.bind(5, step.old_pid);
        insert.bind(6, signed_of(step.new_uid));
        insert.bind(7, step.new_pid);
        insert.bind(8, step.state);
        insert.bind(9, step.start_time_us);
        insert.bind(10, step.end_time_us);
        insert.exec();
        insert.reset();
    }
}

std::vector<OperationStep> steps_of(SQLite::Database& connection, std::uint64_t number) {
    SQLite::Statement rows(
        connection,
        "SELECT slot, old_uid, old_pid, new_uid, new_pid, state, start_time_us, "
        "end_time_us FROM operation_steps WHERE operation = ? ORDER BY position");
    rows.bind(1, signed_of(number));
    std::vector<OperationStep> steps;
    while (rows.executeStep()) {
        OperationStep step;
        step.slot = rows.getColumn(0).getUInt();
        step.old_uid = static_cast<std::uint64_t>(rows.getColumn(1).getInt64());
        step.old_pid = rows.getColumn(2).getUInt();
        step.new_uid = static_cast<std::uint64_t>(rows.getColumn(3).getInt64());
        step.new_pid = rows.getColumn(4).getUInt();
        step.state = rows.getColumn(5).getString();
        step.start_time_us = rows.getColumn(6).getInt64();
        step.end_time_us = rows.getColumn(7).getInt64();
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace

Result<> Operations::keep(const Operation& operation) {
    return database_.write([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement known(connection,
                                "SELECT update_number FROM operations WHERE number = ?");
        known.bind(1, signed_of(operation.number));
        if (known.executeStep()) {
            if (static_cast<std::uint64_t>(known.getColumn(0).getInt64()) >= operation.update)
                return {};
            known.reset();
            SQLite::Statement forget(connection, "DELETE FROM operations WHERE number = ?");
            forget.bind(1, signed_of(operation.number));
            forget.exec();
        }
        insert_head(connection, operation);
        insert_steps(connection, operation);
        return {};
    });
}

Result<std::optional<Operation>> Operations::get(std::uint64_t number) const {
    std::optional<Operation> found;
    TRY_VOID(database_.read([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement row(
            connection, std::string("SELECT ") + kColumns + " FROM operations WHERE number = ?");
        row.bind(1, signed_of(number));
        if (!row.executeStep()) return {};
        found = operation_of(row);
        found->steps = steps_of(connection, number);
        return {};
    }));
    return found;
}

Result<std::vector<Operation>> Operations::unfinished() const {
    std::vector<Operation> operations;
    TRY_VOID(database_.read([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement rows(connection, std::string("SELECT ") + kColumns +
                                               " FROM operations WHERE state IN ('pending', "
                                               "'running') ORDER BY number");
        while (rows.executeStep())
            operations.push_back(operation_of(rows));
        for (Operation& operation : operations)
            operation.steps = steps_of(connection, operation.number);
        return {};
    }));
    return operations;
}

Result<std::vector<Operation>> Operations::list(std::uint64_t before, std::size_t limit) const {
    std::vector<Operation> operations;
    TRY_VOID(database_.read([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement rows(connection, std::string("SELECT ") + kColumns +
                                               " FROM operations WHERE ?1 = 0 OR number < ?1 "
                                               "ORDER BY number DESC LIMIT ?2");
        rows.bind(1, signed_of(before));
        rows.bind(2, signed_of(limit));
        while (rows.executeStep())
            operations.push_back(operation_of(rows));
        return {};
    }));
    return operations;
}

}  // namespace mpmd::store

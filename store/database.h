#pragma once

// The database of mpmd-control: one file, WAL, one connection, one thread (the store writer).
//
// open() leaves a database of the newest schema or says why not:
//   absent                 a new one is made, mode 0600
//   older schema           brought up, one transaction a step
//   newer schema, foreign  refused and left as it is
//   damaged                moved aside as FILE.damaged-N with its WAL; a new one is made; `notice`
//   says so
// A failed call leaves the database usable: each write is one transaction. SQLiteCpp's exceptions
// end here.

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/result.h"

namespace SQLite {
class Database;
}

namespace mpmd::store {

class Database {
public:
    struct Opened;

    [[nodiscard]] static Result<Opened> open(const std::string& path);

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    // Runs `work` in one transaction: kept when it returns a value, undone when it returns an error
    // or throws.
    [[nodiscard]] Result<> write(const std::function<Result<>(SQLite::Database&)>& work);
    [[nodiscard]] Result<> read(const std::function<Result<>(SQLite::Database&)>& work) const;

private:
    explicit Database(std::unique_ptr<SQLite::Database> connection);

    std::unique_ptr<SQLite::Database> connection_;
};

struct Database::Opened {
    Database database;
    std::string notice;  // a sentence for the log when something had to be done; else empty
};

// True for an error of write() that means "no room", which passes when somebody makes room.
[[nodiscard]] bool disk_full(const Error& error);

}  // namespace mpmd::store

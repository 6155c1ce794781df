#include "store/database.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include "store/schema.h"

namespace mpmd::store {
namespace {

constexpr int kApplicationId = 0x6d706d64;  // "mpmd"
constexpr int kBusyMs = 2000;               // the last process of a crashed control may still end

enum class Condition { Good, Damaged, Refused };

struct Attempt {
    std::unique_ptr<SQLite::Database> connection;
    Condition condition = Condition::Good;
    std::string why;
};

Error from(const SQLite::Exception& exception) {
    const int code = exception.getErrorCode();
    return Error{exception.what(), code == SQLITE_FULL || code == SQLITE_IOERR ? ENOSPC : 0};
}

bool is_damage(const SQLite::Exception& exception) {
    const int code = exception.getErrorCode();
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

void migrate(SQLite::Database& connection, int version) {
    const auto steps = schemas();
    for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
        SQLite::Transaction transaction(connection);
        connection.exec(std::string(steps[step]));
        connection.exec(fmt::format("PRAGMA user_version = {}", step + 1));
        connection.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
        transaction.commit();
    }
}

Attempt examine(std::unique_ptr<SQLite::Database> connection) {
    connection->exec("PRAGMA foreign_keys = ON");
    const std::string check = connection->execAndGet("PRAGMA quick_check(1)").getString();
    if (check != "ok") return {nullptr, Condition::Damaged, check};
    const int version = connection->execAndGet("PRAGMA user_version").getInt();
    const int application = connection->execAndGet("PRAGMA application_id").getInt();
    const int objects = connection->execAndGet("SELECT count(*) FROM sqlite_schema").getInt();
    const auto newest = static_cast<int>(schemas().size());
    if (application != kApplicationId && (application != 0 || objects != 0))
        return {nullptr, Condition::Refused, "it is a database of another program"};
    if (version > newest) {
        return {
            nullptr, Condition::Refused,
            fmt::format("it was written by a newer mpmd (schema {}, this one knows up to {}); use "
                        "that version, or move the file away to begin a new one",
                        version, newest)};
    }
    connection->exec("PRAGMA journal_mode = WAL");
    connection->exec("PRAGMA synchronous = FULL");
    connection->exec("PRAGMA cache_size = -128");  // KiB; what is asked for is short and recent
    migrate(*connection, version);
    return {std::move(connection), Condition::Good, {}};
}

Result<Attempt> attempt(const std::string& path) {
    try {
        auto connection = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE, kBusyMs);
        return examine(std::move(connection));
    } catch (const SQLite::Exception& exception) {
        if (is_damage(exception)) return Attempt{nullptr, Condition::Damaged, exception.what()};
        return fail(from(exception).context("cannot open database " + path));
    }
}

// SQLite would create the file with the process's umask; what people asked of the server is nobody
// else's.
Result<> create_private(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fail(Error::os("open").context("cannot open database " + path));
    ::close(fd);
    return {};
}

Result<std::string> move_aside(const std::string& path) {
    for (int number = 1; number < 1000; ++number) {
        const std::string target = fmt::format("{}.damaged-{}", path, number);
        struct stat found {};
        if (::lstat(target.c_str(), &found) == 0) continue;
        if (std::rename(path.c_str(), target.c_str()) != 0)
            return fail(Error::os("rename").context("cannot move damaged database " + path));
        for (const char* suffix : {"-wal", "-shm"})
            std::rename((path + suffix).c_str(), (target + suffix).c_str());
        return target;
    }
    return fail(Error::text("cannot move damaged database " + path +
                            " aside: 999 damaged ones are there already; remove some"));
}

}  // namespace

Database::Database(std::unique_ptr<SQLite::Database> connection)
    : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database::Opened> Database::open(const std::string& path) {
    TRY_VOID(create_private(path));
    Attempt first = TRY(attempt(path));
    if (first.condition == Condition::Refused)
        return fail(Error::text(fmt::format("database {} is not used: {}", path, first.why)));
    if (first.condition == Condition::Good)
        return Opened{Database(std::move(first.connection)), {}};

    const std::string aside = TRY(move_aside(path));
    TRY_VOID(create_private(path));
    Attempt second = TRY(attempt(path));
    if (second.condition != Condition::Good)
        return fail(
            Error::text(fmt::format("new database {} is not usable: {}", path, second.why)));
    return Opened{Database(std::move(second.connection)),
                  fmt::format("database {} was damaged ({}); it is kept as {} and a new one begins",
                              path, first.why, aside)};
}

Result<> Database::write(const std::function<Result<>(SQLite::Database&)>& work) {
    try {
        SQLite::Transaction transaction(*connection_);
        TRY_VOID(work(*connection_));
        transaction.commit();
        return {};
    } catch (const SQLite::Exception& exception) {
        return fail(from(exception));
    }
}

Result<> Database::read(const std::function<Result<>(SQLite::Database&)>& work) const {
    try {
        return work(*connection_);
    } catch (const SQLite::Exception& exception) {
        return fail(from(exception));
    }
}

bool disk_full(const Error& error) {
    return error.os_errno == ENOSPC;
}

}  // namespace mpmd::store

#include "store/audit.h"

#include <algorithm>
#include <cstring>

#include <SQLiteCpp/SQLiteCpp.h>

namespace mpmd::store {
namespace {

constexpr const char* kColumns =
    "number, time_us, channel, uid, user, gid, pid, command, login, tty, role, method, resource, "
    "request_digest, request, reason, decision, code, outcome, revision_before, revision_after, "
    "operation, hash";

std::int64_t signed_of(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

class RowHash {
public:
    explicit RowHash(const Digest& previous) { hash_.add(view(previous)); }

    void field(std::string_view text) {
        number(text.size());
        hash_.add(text);
    }
    void number(std::uint64_t value) {
        char bytes[8];
        for (char& byte : bytes) {
            byte = static_cast<char>(value & 0xffU);
            value >>= 8U;
        }
        hash_.add({bytes, sizeof bytes});
    }
    Digest finish() { return hash_.finish(); }

    static std::string_view view(const Digest& digest) {
        return {reinterpret_cast<const char*>(digest.data()), digest.size()};
    }

private:
    Sha256 hash_;
};

Digest row_hash(const Digest& previous, const AuditEntry& row) {
    RowHash hash(previous);
    hash.number(row.number);
    hash.number(static_cast<std::uint64_t>(row.time_us));
    hash.field(row.channel);
    hash.number(row.uid);
    hash.field(row.user);
    hash.number(row.gid);
    hash.number(row.pid);
    for (const std::string* text :
         {&row.command, &row.login, &row.tty, &row.role, &row.method, &row.resource})
        hash.field(*text);
    hash.field(RowHash::view(row.request_digest));
    hash.field(row.request);
    hash.field(row.reason);
    hash.number(row.allowed ? 1 : 0);
    hash.number(static_cast<std::uint64_t>(row.code));
    hash.field(row.outcome);
    hash.number(row.revision_before);
    hash.number(row.revision_after);
    hash.number(row.operation);
    return hash.finish();
}

Digest digest_of(const SQLite::Column& column) {
    Digest digest{};
    const auto size = static_cast<std::size_t>(column.getBytes());
    if (size != 0) std::memcpy(digest.data(), column.getBlob(), std::min(size, digest.size()));
    return digest;
}

AuditEntry entry_of(SQLite::Statement& row) {
    AuditEntry entry;
    int at = 0;
    const auto number = [&] { return static_cast<std::uint64_t>(row.getColumn(at++).getInt64()); };
    const auto text = [&] { return row.getColumn(at++).getString(); };
    entry.number = number();
    entry.time_us = static_cast<std::int64_t>(number());
    entry.channel = text();
    entry.uid = static_cast<std::uint32_t>(number());
    entry.user = text();
    entry.gid = static_cast<std::uint32_t>(number());
    entry.pid = static_cast<std::uint32_t>(number());
    entry.command = text();
    entry.login = text();
    entry.tty = text();
    entry.role = text();
    entry.method = text();
    entry.resource = text();
    entry.request_digest = digest_of(row.getColumn(at++));
    entry.request = text();
    entry.reason = text();
    entry.allowed = text() == "allowed";
    entry.code = static_cast<std::int32_t>(number());
    entry.outcome = text();
    entry.revision_before = number();
    entry.revision_after = number();
    entry.operation = number();
    entry.hash = digest_of(row.getColumn(at++));
    return entry;
}

void bind(SQLite::Statement& insert, const AuditEntry& row) {
    int at = 1;
    const auto number = [&](std::int64_t value) { insert.bind(at++, value); };
    const auto text = [&](const std::string& value) { insert.bind(at++, value); };
    const auto digest = [&](const Digest& value) {
        insert.bind(at++, value.data(), static_cast<int>(value.size()));
    };
    number(signed_of(row.number));
    number(row.time_us);
    text(row.channel);
    number(row.uid);
    text(row.user);
    number(row.gid);
    number(row.pid);
    text(row.command);
    text(row.login);
    text(row.tty);
    text(row.role);
    text(row.method);
    text(row.resource);
    digest(row.request_digest);
    text(row.request);
    text(row.reason);
    text(row.allowed ? "allowed" : "denied");
    number(row.code);
    text(row.outcome);
    number(signed_of(row.revision_before));
    number(signed_of(row.revision_after));
    number(signed_of(row.operation));
    digest(row.hash);
}

}  // namespace

Result<std::uint64_t> Audit::append(const AuditEntry& entry, std::uint64_t lost) {
    AuditEntry row = entry;
    TRY_VOID(database_.write([&](SQLite::Database& connection) -> Result<> {
        Digest previous{};
        std::uint64_t last = 0;
        SQLite::Statement head(connection,
                               "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1");
        if (head.executeStep()) {
            last = static_cast<std::uint64_t>(head.getColumn(0).getInt64());
            previous = digest_of(head.getColumn(1));
        }
        row.number = last + 1 + lost;
        row.hash = row_hash(previous, row);
        SQLite::Statement insert(connection,
                                 std::string("INSERT INTO audit (") + kColumns +
                                     ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        bind(insert, row);
        insert.exec();
        return {};
    }));
    return row.number;
}

Result<std::vector<AuditEntry>> Audit::list(std::uint64_t after, std::size_t limit) const {
    std::vector<AuditEntry> entries;
    TRY_VOID(database_.read([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement rows(connection,
                               std::string("SELECT ") + kColumns +
                                   " FROM audit WHERE number > ? ORDER BY number LIMIT ?");
        rows.bind(1, signed_of(after));
        rows.bind(2, signed_of(limit));
        while (rows.executeStep())
            entries.push_back(entry_of(rows));
        return {};
    }));
    return entries;
}

Result<AuditVerdict> Audit::verify() const {
    AuditVerdict verdict;
    TRY_VOID(database_.read([&](SQLite::Database& connection) -> Result<> {
        SQLite::Statement rows(connection,
                               std::string("SELECT ") + kColumns + " FROM audit ORDER BY number");
        Digest previous{};
        std::uint64_t last = 0;
        while (rows.executeStep()) {
            const AuditEntry entry = entry_of(rows);
            ++verdict.rows;
            verdict.missing += entry.number - last - 1;
            last = entry.number;
            if (row_hash(previous, entry) != entry.hash && verdict.first_broken == 0)
                verdict.first_broken = entry.number;
            previous = entry.hash;
        }
        return {};
    }));
    return verdict;
}

}  // namespace mpmd::store

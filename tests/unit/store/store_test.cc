#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "store/audit.h"
#include "store/database.h"
#include "store/operations.h"
#include "store/schema.h"
#include "store/sha256.h"
#include "tests/support/temp_dir.h"

namespace {

using mpmd::store::Audit;
using mpmd::store::AuditEntry;
using mpmd::store::Database;
using mpmd::store::Operation;
using mpmd::store::Operations;
using mpmd::test::TempDir;

Database open(const std::string& path) {
    auto opened = Database::open(path);
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    BOOST_TEST(opened->notice == "");
    return std::move(opened->database);
}

AuditEntry entry(const std::string& who) {
    AuditEntry entry;
    entry.time_us = 1'700'000'000'000'000;
    entry.channel = "unix";
    entry.user = who;
    entry.uid = 1000;
    entry.method = "/mpm.control.v1.DirectiveService/UpdateDirectives";
    entry.request = "{}";
    entry.allowed = true;
    return entry;
}

void raw(const std::string& path, const std::string& sql) {
    SQLite::Database connection(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    connection.exec(sql);
}

std::string hex(const mpmd::store::Digest& digest) {
    std::string out;
    for (const auto byte : digest)
        out += fmt::format("{:02x}", byte);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sha256)

BOOST_AUTO_TEST_CASE(gives_the_published_digests) {
    BOOST_TEST(hex(mpmd::store::sha256("")) ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    BOOST_TEST(hex(mpmd::store::sha256("abc")) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(hex(mpmd::store::sha256(std::string(1'000'000, 'a'))) ==
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(database)

BOOST_AUTO_TEST_CASE(a_new_one_is_readable_by_its_owner_alone) {
    const TempDir dir;
    const Database database = open((dir / "control.db"));
    struct stat found {};
    BOOST_REQUIRE(::stat((dir / "control.db").c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(one_of_a_newer_mpmd_is_refused_and_left_alone) {
    const TempDir dir;
    { const Database database = open((dir / "control.db")); }
    raw((dir / "control.db"), "PRAGMA user_version = 99");
    const auto opened = Database::open((dir / "control.db"));
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().message.find("schema 99") != std::string::npos);
    BOOST_TEST(!std::filesystem::exists((dir / "control.db.damaged-1")));
}

BOOST_AUTO_TEST_CASE(one_of_another_program_is_refused_and_left_alone) {
    const TempDir dir;
    raw((dir / "control.db"), "CREATE TABLE birds (name TEXT)");
    const auto opened = Database::open((dir / "control.db"));
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().message.find("another program") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_one_is_kept_aside_and_a_new_one_begins) {
    const TempDir dir;
    for (const std::string name : {"1", "2"}) {
        {
            std::ofstream file((dir / "control.db"));
            file << std::string(8192, '#');
        }
        auto opened = Database::open((dir / "control.db"));
        BOOST_REQUIRE(opened);
        BOOST_TEST(opened->notice.find("control.db.damaged-" + name) != std::string::npos);
        BOOST_TEST(std::filesystem::file_size((dir / "control.db.damaged-" + name)) == 8192U);
        BOOST_TEST(Audit(opened->database).append(entry("alice")).value() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_is_found_when_it_is_opened) {
    const TempDir dir;
    {
        Database database = open((dir / "control.db"));
        AuditEntry row = entry("alice");
        row.request = std::string(3000, 'x');
        for (int i = 0; i < 50; ++i)
            BOOST_REQUIRE(Audit(database).append(row));
    }
    {
        std::fstream file((dir / "control.db"), std::ios::in | std::ios::out | std::ios::binary);
        const auto size = std::filesystem::file_size((dir / "control.db"));
        for (std::uintmax_t page = 1; page < size / 4096; ++page) {
            file.seekp(static_cast<std::streamoff>(page * 4096));
            file << std::string(16, '\xff');
        }
    }
    auto opened = Database::open((dir / "control.db"));
    BOOST_REQUIRE(opened);
    BOOST_TEST(opened->notice.find("was damaged") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_directory_that_refuses_is_an_error_with_the_path) {
    const auto opened = Database::open("/nonexistent/control.db");
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().message.find("/nonexistent/control.db") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_schema_that_was_ever_released_opens) {
    const char* fixtures = std::getenv("MPMD_FIXTURES");
    BOOST_REQUIRE(fixtures != nullptr);
    for (std::size_t schema = 1; schema <= mpmd::store::schemas().size(); ++schema) {
        const TempDir dir;
        std::ifstream file(fmt::format("{}/{:04}.sql", fixtures, schema));
        BOOST_REQUIRE_MESSAGE(file, "fixture of schema " << schema << " is there");
        std::stringstream sql;
        sql << file.rdbuf();
        raw((dir / "control.db"), sql.str());

        Database database = open((dir / "control.db"));

        const auto verdict = Audit(database).verify();
        BOOST_REQUIRE(verdict);
        BOOST_TEST(verdict->rows == 2U);
        BOOST_TEST(verdict->first_broken == 0U);
        BOOST_TEST(Operations(database).get(7).value()->steps.size() == 1U);
        BOOST_TEST(Audit(database).append(entry("alice")).value() == 5U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(numbers_rise_and_the_chain_holds_after_reopening) {
    const TempDir dir;
    for (std::uint64_t round = 0; round < 3; ++round) {
        Database database = open((dir / "control.db"));
        BOOST_TEST(Audit(database).append(entry("alice")).value() == 2 * round + 1);
        BOOST_TEST(Audit(database).append(entry("bob")).value() == 2 * round + 2);
        const auto verdict = Audit(database).verify();
        BOOST_TEST(verdict->rows == 2 * round + 2);
        BOOST_TEST(verdict->missing == 0U);
        BOOST_TEST(verdict->first_broken == 0U);
    }
}

BOOST_AUTO_TEST_CASE(every_field_comes_back_as_it_was_given) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    AuditEntry row = entry("alice");
    row.gid = 4294967295U;
    row.pid = 77;
    row.command = "mpmctl";
    row.login = "root";
    row.tty = "pts/3";
    row.role = "operator";
    row.resource = "MinSpareThreads";
    row.request_digest = mpmd::store::sha256("x");
    row.reason = "launch 'day'; DROP TABLE audit";
    row.code = 3;
    row.allowed = false;
    row.outcome = "refused";
    row.revision_before = 41;
    row.revision_after = 42;
    row.operation = 7;
    BOOST_REQUIRE(Audit(database).append(row));

    const auto rows = Audit(database).list(0, 10);

    BOOST_REQUIRE(rows->size() == 1U);
    const AuditEntry& back = rows->front();
    BOOST_TEST(back.gid == row.gid);
    BOOST_TEST(back.pid == row.pid);
    BOOST_TEST(back.command == row.command);
    BOOST_TEST(back.login == row.login);
    BOOST_TEST(back.tty == row.tty);
    BOOST_TEST(back.role == row.role);
    BOOST_TEST(back.resource == row.resource);
    BOOST_TEST((back.request_digest == row.request_digest));
    BOOST_TEST(back.reason == row.reason);
    BOOST_TEST(back.code == row.code);
    BOOST_TEST(!back.allowed);
    BOOST_TEST(back.outcome == row.outcome);
    BOOST_TEST(back.revision_before == row.revision_before);
    BOOST_TEST(back.revision_after == row.revision_after);
    BOOST_TEST(back.operation == row.operation);
}

BOOST_AUTO_TEST_CASE(rows_that_could_not_be_kept_leave_their_numbers_unused) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    BOOST_TEST(Audit(database).append(entry("alice")).value() == 1U);
    BOOST_TEST(Audit(database).append(entry("alice"), 3).value() == 5U);
    const auto verdict = Audit(database).verify();
    BOOST_TEST(verdict->missing == 3U);
    BOOST_TEST(verdict->first_broken == 0U);
}

BOOST_AUTO_TEST_CASE(a_row_can_neither_be_changed_nor_deleted) {
    const TempDir dir;
    {
        Database database = open((dir / "control.db"));
        BOOST_REQUIRE(Audit(database).append(entry("alice")));
    }
    BOOST_CHECK_THROW(raw((dir / "control.db"), "DELETE FROM audit"), SQLite::Exception);
    BOOST_CHECK_THROW(raw((dir / "control.db"), "UPDATE audit SET user = 'bob'"),
                      SQLite::Exception);
}

BOOST_AUTO_TEST_CASE(a_row_changed_behind_its_back_is_named) {
    const TempDir dir;
    {
        Database database = open((dir / "control.db"));
        for (int i = 0; i < 4; ++i)
            BOOST_REQUIRE(Audit(database).append(entry("alice")));
    }
    raw((dir / "control.db"),
        "DROP TRIGGER audit_rows_do_not_change; UPDATE audit SET user = 'bob' WHERE number = 3");
    Database database = open((dir / "control.db"));
    BOOST_TEST(Audit(database).verify()->first_broken == 3U);
}

BOOST_AUTO_TEST_CASE(a_row_taken_out_is_seen) {
    const TempDir dir;
    {
        Database database = open((dir / "control.db"));
        for (int i = 0; i < 4; ++i)
            BOOST_REQUIRE(Audit(database).append(entry("alice")));
    }
    raw((dir / "control.db"), "DROP TRIGGER audit_rows_stay; DELETE FROM audit WHERE number = 2");
    Database database = open((dir / "control.db"));
    const auto verdict = Audit(database).verify();
    BOOST_TEST(verdict->missing == 1U);
    BOOST_TEST(verdict->first_broken == 3U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_apart_and_the_row_can_follow_later) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    std::int64_t pages = 0;
    BOOST_REQUIRE(database.read([&](SQLite::Database& connection) -> mpmd::Result<> {
        pages = connection.execAndGet("PRAGMA page_count").getInt64();
        connection.execAndGet(fmt::format("PRAGMA max_page_count = {}", pages + 1));
        return {};
    }));
    AuditEntry big = entry("alice");
    big.request = std::string(20000, 'x');

    const auto refused = Audit(database).append(big);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(mpmd::store::disk_full(refused.error()));

    BOOST_REQUIRE(database.read([&](SQLite::Database& connection) -> mpmd::Result<> {
        connection.execAndGet("PRAGMA max_page_count = 1000000");
        return {};
    }));
    BOOST_TEST(Audit(database).append(big).value() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(operations)

BOOST_AUTO_TEST_CASE(the_newest_picture_stays_and_an_older_one_does_not_replace_it) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    Operations operations(database);
    Operation operation;
    operation.number = 17;
    operation.update = 5;
    operation.kind = "restart";
    operation.state = "running";
    operation.total = 2;
    operation.steps = {{0, 1, 100, 3, 101, "done", 10, 20}, {1, 2, 102, 0, 0, "waiting", 0, 0}};
    BOOST_REQUIRE(operations.keep(operation));

    Operation older = operation;
    older.update = 4;
    older.state = "pending";
    BOOST_REQUIRE(operations.keep(older));
    BOOST_TEST((operations.get(17).value().value() == operation));

    Operation newer = operation;
    newer.update = 6;
    newer.state = "succeeded";
    newer.steps[1].state = "done";
    BOOST_REQUIRE(operations.keep(newer));
    BOOST_TEST((operations.get(17).value().value() == newer));
    BOOST_TEST(!operations.get(18).value().has_value());
}

BOOST_AUTO_TEST_CASE(those_that_had_not_ended_are_found_with_their_steps) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    Operations operations(database);
    std::uint64_t number = 0;
    for (const char* state : {"running", "succeeded", "pending", "failed", "cancelled"}) {
        Operation operation;
        operation.number = ++number;
        operation.update = 1;
        operation.state = state;
        operation.steps = {{0, 1, 100, 3, 101, "draining", 10, 0}};
        BOOST_REQUIRE(operations.keep(operation));
    }
    const auto found = operations.unfinished();
    BOOST_REQUIRE(found->size() == 2U);
    BOOST_TEST((found->at(0) == operations.get(1).value().value()));
    BOOST_TEST(found->at(1).number == 3U);
}

BOOST_AUTO_TEST_CASE(are_listed_newest_first_in_pages) {
    const TempDir dir;
    Database database = open((dir / "control.db"));
    Operations operations(database);
    for (std::uint64_t number = 1; number <= 5; ++number) {
        Operation operation;
        operation.number = number;
        operation.update = 1;
        BOOST_REQUIRE(operations.keep(operation));
    }
    const auto first = operations.list(0, 2);
    BOOST_REQUIRE(first->size() == 2U);
    BOOST_TEST(first->at(0).number == 5U);
    const auto second = operations.list(first->back().number, 2);
    BOOST_REQUIRE(second->size() == 2U);
    BOOST_TEST(second->at(0).number == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

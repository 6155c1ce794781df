// A writer is killed at each single write, truncation and deletion that SQLite does, whole or half
// done; whatever is left must open, and hold every row whose append had returned.
#include <csignal>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include "store/audit.h"
#include "store/database.h"
#include "store/operations.h"
#include "tests/support/temp_dir.h"

namespace {

using mpmd::store::Audit;
using mpmd::store::AuditEntry;
using mpmd::store::Database;
using mpmd::store::Operation;
using mpmd::store::Operations;
using mpmd::test::TempDir;

// ---- a VFS that dies at its nth change of a file; it lives in the forked writer alone ----

long g_left = 0;  // changes until the end
bool g_half = false;
sqlite3_vfs g_vfs;
sqlite3_vfs* g_real = nullptr;
sqlite3_io_methods g_methods;

struct File {
    sqlite3_file base;
    sqlite3_file* real;
};

sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<File*>(file)->real;
}

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    ::_exit(99);
}

bool last_one() {
    return --g_left < 0;
}

int file_write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    if (last_one()) {
        if (g_half) real(file)->pMethods->xWrite(real(file), bytes, size / 2, at);
        die();
    }
    return real(file)->pMethods->xWrite(real(file), bytes, size, at);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (last_one()) die();
    return real(file)->pMethods->xTruncate(real(file), size);
}
int file_sync(sqlite3_file* file, int flags) {
    if (last_one()) die();
    return real(file)->pMethods->xSync(real(file), flags);
}
int vfs_delete(sqlite3_vfs*, const char* name, int sync) {
    if (last_one()) die();
    return g_real->xDelete(g_real, name, sync);
}
int vfs_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
    auto* mine = reinterpret_cast<File*>(file);
    mine->real = reinterpret_cast<sqlite3_file*>(mine + 1);
    const int result = g_real->xOpen(g_real, name, mine->real, flags, out);
    mine->base.pMethods = mine->real->pMethods == nullptr ? nullptr : &g_methods;
    return result;
}

void install(long changes, bool half) {
    g_left = changes;
    g_half = half;
    g_real = sqlite3_vfs_find(nullptr);
    g_vfs = *g_real;
    g_vfs.zName = "dying";
    g_vfs.pNext = nullptr;
    g_vfs.szOsFile = static_cast<int>(sizeof(File)) + g_real->szOsFile;
    g_vfs.xOpen = vfs_open;
    g_vfs.xDelete = vfs_delete;
    g_methods = {};
    g_methods.iVersion = 2;  // no xFetch: reads are not of interest
    g_methods.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    g_methods.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
        return real(f)->pMethods->xRead(real(f), to, size, at);
    };
    g_methods.xWrite = file_write;
    g_methods.xTruncate = file_truncate;
    g_methods.xSync = file_sync;
    g_methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return real(f)->pMethods->xFileSize(real(f), size);
    };
    g_methods.xLock = [](sqlite3_file* f, int l) { return real(f)->pMethods->xLock(real(f), l); };
    g_methods.xUnlock = [](sqlite3_file* f, int l) {
        return real(f)->pMethods->xUnlock(real(f), l);
    };
    g_methods.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return real(f)->pMethods->xCheckReservedLock(real(f), out);
    };
    g_methods.xFileControl = [](sqlite3_file* f, int op, void* arg) {
        return real(f)->pMethods->xFileControl(real(f), op, arg);
    };
    g_methods.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    g_methods.xDeviceCharacteristics = [](sqlite3_file* f) {
        return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    g_methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
        return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
    };
    g_methods.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
    };
    g_methods.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
    g_methods.xShmUnmap = [](sqlite3_file* f, int remove) {
        return real(f)->pMethods->xShmUnmap(real(f), remove);
    };
    sqlite3_vfs_register(&g_vfs, 1);
}

// ---- the writer ----

constexpr int kRows = 4;

// Opens (and so migrates) the database and writes; one byte to `told` after each append that
// returned.
void write_rows(const std::string& path, int told) {
    auto opened = Database::open(path);
    if (!opened) ::_exit(2);
    Database database = std::move(opened->database);
    for (int i = 0; i < kRows; ++i) {
        AuditEntry entry;
        entry.method = "m";
        entry.request = std::string(5000, 'r');
        if (!Audit(database).append(entry)) ::_exit(3);
        if (::write(told, "x", 1) != 1) ::_exit(4);
        Operation operation;
        operation.number = 1;
        operation.update = static_cast<std::uint64_t>(i) + 1;
        operation.steps.resize(3);
        if (!Operations(database).keep(operation)) ::_exit(5);
    }
}

struct Run {
    bool finished = false;
    std::uint64_t told = 0;
};

Run run_writer(const std::string& path, long changes, bool half) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        install(changes, half);
        write_rows(path, ends[1]);
        ::_exit(0);
    }
    ::close(ends[1]);
    Run run;
    char byte = 0;
    while (::read(ends[0], &byte, 1) == 1)
        ++run.told;
    ::close(ends[0]);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    run.finished = WIFEXITED(status);
    if (run.finished) BOOST_REQUIRE(WEXITSTATUS(status) == 0);
    return run;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(between_any_two_writes_loses_no_row_that_was_promised) {
    long kills = 0;
    for (long changes = 0;; ++changes) {
        const TempDir dir;
        const Run run = run_writer((dir / "control.db"), changes, changes % 2 == 1);

        auto opened = Database::open((dir / "control.db"));

        BOOST_REQUIRE_MESSAGE(opened, "opens after " << changes << " changes");
        BOOST_REQUIRE_MESSAGE(opened->notice.empty(), "is whole after " << changes << " changes");
        const auto verdict = Audit(opened->database).verify();
        BOOST_REQUIRE(verdict);
        BOOST_TEST(verdict->first_broken == 0U);
        BOOST_TEST(verdict->missing == 0U);
        BOOST_TEST(verdict->rows >= run.told);
        BOOST_TEST(verdict->rows <= run.told + 1);
        BOOST_REQUIRE(Audit(opened->database).append(AuditEntry{}));
        if (run.finished) break;
        ++kills;
    }
    BOOST_TEST_MESSAGE("killed " << kills << " times");
    BOOST_TEST(kills > 20);
}

BOOST_AUTO_TEST_SUITE_END()

#include "daemon/os/process_mutex.h"

#include <array>
#include <csignal>
#include <ostream>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/temp_dir.h"

namespace mpmd::os {

static std::ostream& operator<<(std::ostream& out, MutexKind kind) {
    return out << to_text(kind);
}

namespace {

using Locked = ProcessMutex::Locked;
namespace data = boost::unit_test::data;

constexpr int kPatienceMs = 60'000;
constexpr std::array<MutexKind, 3> kKinds{MutexKind::Pthread, MutexKind::Flock, MutexKind::Fcntl};

struct Fixture {
    test::TempDir dir;
    [[nodiscard]] std::string path() const { return dir / "mpm-accept-0.1"; }
    [[nodiscard]] ProcessMutex make(MutexKind kind) const {
        auto made = kind == MutexKind::Pthread ? ProcessMutex::in_memory()
                                               : ProcessMutex::in_file(kind, path());
        BOOST_REQUIRE(made.has_value());
        return std::move(*made);
    }
};

// A process that locks, says so with one byte, and then holds on.
struct Holder {
    explicit Holder(const ProcessMutex& mutex) {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reader.reset(ends[0]);
        UniqueFd writer(ends[1]);
        auto theirs = mutex.for_child();
        BOOST_REQUIRE(theirs.has_value());
        pid = ::fork();
        if (pid != 0) return;
        if (!theirs->lock()) ::_exit(1);
        (void)!::write(writer.get(), "l", 1);
        for (;;)
            ::pause();
    }
    ~Holder() { kill(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    [[nodiscard]] bool locked(int patience_ms) const {
        pollfd wanted{reader.get(), POLLIN, 0};
        return ::poll(&wanted, 1, patience_ms) == 1 && (wanted.revents & POLLIN) != 0;
    }
    void kill() {
        if (pid <= 0) return;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        pid = -1;
    }
    pid_t pid = -1;
    UniqueFd reader;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(process_mutex)

BOOST_DATA_TEST_CASE(one_process_has_it_at_a_time, data::make(kKinds), kind) {  // W-2
    const Fixture fixture;
    ProcessMutex mutex = fixture.make(kind);
    BOOST_TEST((mutex.lock().value() == Locked::Yes));
    const Holder second(mutex);

    BOOST_TEST(!second.locked(100));
    BOOST_TEST(mutex.unlock().has_value());

    BOOST_TEST(second.locked(kPatienceMs));
    BOOST_TEST((mutex.try_lock().value() == Locked::No));
}

BOOST_DATA_TEST_CASE(who_dies_with_it_gives_it_up, data::make(kKinds), kind) {  // A-70, D-44
    const Fixture fixture;
    ProcessMutex mutex = fixture.make(kind);
    Holder first(mutex);
    BOOST_TEST_REQUIRE(first.locked(kPatienceMs));
    const Holder second(mutex);
    BOOST_TEST(!second.locked(50));

    first.kill();

    BOOST_TEST(second.locked(kPatienceMs));
}

BOOST_AUTO_TEST_CASE(a_robust_mutex_is_whole_again_after_its_holder_died) {
    const Fixture fixture;
    ProcessMutex mutex = fixture.make(MutexKind::Pthread);
    for (int i = 0; i < 3; ++i) {
        Holder holder(mutex);
        BOOST_TEST_REQUIRE(holder.locked(kPatienceMs));
        holder.kill();
        BOOST_TEST((mutex.try_lock().value() == Locked::Recovered));
        BOOST_TEST(mutex.unlock().has_value());
        BOOST_TEST((mutex.lock().value() == Locked::Yes));
        BOOST_TEST(mutex.unlock().has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_lock_file_is_its_owners_and_need_not_keep_its_name) {  // D-41
    const Fixture fixture;
    fixture.dir.write("mpm-accept-0.1", "left over");
    ProcessMutex mutex = fixture.make(MutexKind::Flock);
    struct stat seen {};
    BOOST_REQUIRE(::stat(fixture.path().c_str(), &seen) == 0);
    BOOST_TEST((seen.st_mode & 07777) == 0600u);
    BOOST_TEST(seen.st_size == 0);

    ::unlink(fixture.path().c_str());

    Holder holder(mutex);
    BOOST_TEST(holder.locked(kPatienceMs));
    BOOST_TEST((mutex.try_lock().value() == Locked::No));
}

BOOST_AUTO_TEST_CASE(a_broken_lock_says_so) {  // W-7
    const Fixture fixture;
    ProcessMutex mutex = fixture.make(MutexKind::Fcntl);
    ::close(mutex.fd());
    BOOST_TEST(!mutex.try_lock().has_value());
    BOOST_TEST(!mutex.unlock().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::os

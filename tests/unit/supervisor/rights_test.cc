#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "daemon/supervisor/census.h"
#include "daemon/supervisor/pid_file.h"
#include "daemon/supervisor/self_check.h"
#include "daemon/supervisor/service_notify.h"
#include "daemon/supervisor/state_dir.h"
#include "tests/support/skip.h"
#include "tests/support/temp_dir.h"

namespace mpmd::supervisor {
namespace {

namespace fs = std::filesystem;
using test::TempDir;

std::string status(const std::string& uid,
                   const std::string& capabilities,
                   const std::string& gid = "33\t33\t33\t33",
                   const std::string& groups = "4 33 ") {
    return "Name:\tmpmd\nUid:\t" + uid + "\nGid:\t" + gid + "\nGroups:\t" + groups +
           "\nCapInh:\t0\n" + "CapPrm:\t" + capabilities +
           "\nCapEff:\t0000000000000000\nThreads:\t6\n";
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

uid_t owner_of(const std::string& path) {
    struct stat about {};
    BOOST_REQUIRE_EQUAL(::lstat(path.c_str(), &about), 0);
    return about.st_uid;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rights)

BOOST_AUTO_TEST_CASE(of_a_child_are_what_the_kernel_says) {  // P-10, U-22
    const auto good = read_rights(status("33\t33\t33\t33", "0000000000000000"));
    BOOST_REQUIRE(good.has_value());
    BOOST_TEST(!good->of_root());
    BOOST_TEST(good->text() == "uid 33, gid 33, groups 4 33, no capability");
}

BOOST_AUTO_TEST_CASE(any_gid_or_group_of_root_is_root) {
    const std::string own = "33\t33\t33\t33";
    BOOST_TEST(read_rights(status(own, "0", "0\t0\t0\t0", "33 "))->of_root());
    BOOST_TEST(read_rights(status(own, "0", "33\t33\t0\t33", "33 "))->of_root());
    BOOST_TEST(read_rights(status(own, "0", own, "0 33 "))->of_root());
}

BOOST_AUTO_TEST_CASE(any_uid_of_root_or_any_capability_is_root) {
    BOOST_TEST(read_rights(status("33\t0\t33\t33", "0"))->of_root());
    BOOST_TEST(read_rights(status("33\t33\t0\t33", "0"))->of_root());
    BOOST_TEST(read_rights(status("33\t33\t33\t33", "0000000000000400"))->of_root());
    BOOST_TEST(!read_rights("Name:\tmpmd\n").has_value());
    const auto own = rights_of(::getpid());
    BOOST_REQUIRE(own.has_value());
    BOOST_TEST(own->uids.front() == ::getuid());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(moved_pid_file)

BOOST_AUTO_TEST_CASE(that_is_prepared_and_dropped_leaves_nothing) {  // P-13, 6.5
    const TempDir dir;
    auto written = PidFile::write(dir / "first.pid");
    BOOST_REQUIRE(written.has_value());
    BOOST_TEST(written->file.prepare(dir / "second.pid").has_value());
    BOOST_TEST(!written->file.prepare(dir / "no/such/place.pid").has_value());
    BOOST_TEST(files_in(dir.path().string()) == 1U);
}

BOOST_AUTO_TEST_CASE(takes_the_place_of_the_old_one) {
    const TempDir dir;
    auto written = PidFile::write(dir / "first.pid");
    BOOST_REQUIRE(written.has_value());
    auto prepared = written->file.prepare(dir / "second.pid");
    BOOST_REQUIRE(prepared.has_value());
    BOOST_TEST(written->file.move_to(std::move(*prepared)).has_value());
    BOOST_TEST(files_in(dir.path().string()) == 1U);
    const auto owner = PidFile::read(dir / "second.pid");
    BOOST_REQUIRE((owner && *owner));
    BOOST_TEST((*owner)->alive);
    BOOST_TEST((*owner)->pid == ::getpid());
    // Again at the same place, as each restart does.
    fs::remove(dir / "second.pid");
    auto again = written->file.prepare(dir / "second.pid");
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(written->file.move_to(std::move(*again)).has_value());
    BOOST_TEST(fs::exists(dir / "second.pid"));
    written->file.remove();
    BOOST_TEST(files_in(dir.path().string()) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_directory)

BOOST_AUTO_TEST_CASE(is_handed_to_a_new_user_with_what_the_old_one_owned_and_nothing_else) {
    if (::geteuid() != 0) test::skip("needs root");
    const TempDir dir;
    os::Identity before{101, 101, {101}, "#101"};
    os::Identity after{102, 102, {102}, "#102"};
    const auto state = StateDir::open(dir / "state", &before);
    BOOST_REQUIRE(state.has_value());
    const std::string own = dir.write("state/control/history.db", "x");
    const std::string foreign = dir.write("state/control/foreign", "x");
    const std::string outside = dir.write("outside", "x");
    BOOST_REQUIRE_EQUAL(::chown(own.c_str(), 101, 101), 0);
    BOOST_REQUIRE_EQUAL(::chown(outside.c_str(), 101, 101), 0);
    fs::create_symlink(outside, dir / "state/control/link");

    BOOST_TEST(state->hand_over(after).has_value());
    BOOST_TEST(owner_of(dir / "state/control") == 102U);
    BOOST_TEST(owner_of(own) == 102U);
    BOOST_TEST(owner_of(foreign) == 0U);
    BOOST_TEST(owner_of(outside) == 101U);
    BOOST_TEST(state->hand_over(after).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(watchdog)

BOOST_AUTO_TEST_CASE(of_the_service_manager_hears_twice_in_its_time) {
    const TempDir dir;
    const std::string path = dir / "notify";
    const os::UniqueFd receiver(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    BOOST_REQUIRE_EQUAL(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&address),
                               static_cast<socklen_t>(sizeof(address))),
                        0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "10000000", 1);
    ServiceNotify notify = ServiceNotify::from_environment();
    BOOST_TEST((::getenv("WATCHDOG_USEC") == nullptr));
    const auto signs = [&receiver] {
        int count = 0;
        for (char buffer[64]; ::recv(receiver.get(), buffer, sizeof(buffer), 0) > 0;)
            ++count;
        return count;
    };
    for (int second = 1; second <= 20; ++second)
        notify.pass_time(MonoTime(Seconds(second)));
    BOOST_TEST(signs() == 4);
    ServiceNotify unwatched = ServiceNotify::from_environment();
    unwatched.pass_time(MonoTime(Seconds(100)));
    BOOST_TEST(signs() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(failed_restart)

BOOST_AUTO_TEST_CASE(leaves_children_that_count_as_current) {  // T14 after a failure
    ChildTable table;
    for (std::uint32_t i = 0; i < 2; ++i) {
        Child child;
        child.uid = ChildUid(i + 1);
        child.slot = SlotIndex(i);
        child.pid = static_cast<pid_t>(100 + i);
        child.generation = Generation(0);
        child.stays = i == 0;
        table.add(std::move(child));
    }
    const auto board = scoreboard::Segment::create(scoreboard::Header{});
    BOOST_REQUIRE(board.has_value());
    CensusInputs inputs;
    inputs.slots = 4;
    inputs.generation = Generation(1);
    const mpm::Census census = take_census(table, board->view(), inputs);
    BOOST_REQUIRE_EQUAL(census.children.size(), 2U);
    BOOST_TEST(census.children[0].current_generation);
    BOOST_TEST(!census.children[1].current_generation);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor

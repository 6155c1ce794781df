#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/os/crash_handler.h"
#include "daemon/os/platform.h"
#include "tests/support/temp_dir.h"

namespace mpmd::os {
namespace {

// What the dying process leaves, where we can read it.
struct Left {
    int signal;
    const void* address;
    std::size_t frames;
    std::array<std::uint64_t, 32> stack;
    std::array<char, 4096> directory;
};
Left* g_left = nullptr;

void leave(const Fatal& fatal) {
    g_left->signal = fatal.signal;
    g_left->address = fatal.address;
    g_left->frames = stack_of(fatal, g_left->stack);
}

// A process that installs the handler, limits itself to no core, and runs `code`.
template <class Code>
int ending_of(const std::string& directory, Code code) {
    void* shared =
        ::mmap(nullptr, sizeof(Left), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_left = static_cast<Left*>(shared);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        install_crash_handler(directory, leave);
        code();
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    return status;
}

// An address that is nobody's (not the null pointer, which a sanitizer would catch before the
// kernel).
void touch_nothing() {
    *reinterpret_cast<volatile int*>(std::uintptr_t{0x1000}) = 1;
}

// Deeper than any stack.
[[gnu::noinline]] int deeper(int left) {
    std::array<volatile char, 4096> room{};
    room[static_cast<std::size_t>(left) % room.size()] = 1;
    return left == 0 ? 0 : deeper(left - 1) + room[0];
}

void* use_up_the_stack(void*) {
    const AlternateStack own;
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(deeper(1 << 30)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_handler)

BOOST_DATA_TEST_CASE(lets_the_process_speak_and_die_of_the_same_signal,
                     boost::unit_test::data::make({SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}),
                     signal) {  // P-23
    const int status = ending_of("/", [signal] { ::raise(signal); });
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == signal);
    BOOST_TEST(g_left->signal == signal);
    BOOST_TEST((g_left->address == nullptr));  // sent, not met
    BOOST_TEST(g_left->frames >= 2U);
}

BOOST_AUTO_TEST_CASE(knows_the_address_that_was_touched) {
    const int status = ending_of("/", touch_nothing);
    BOOST_TEST(WTERMSIG(status) == SIGSEGV);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(g_left->address) == 0x1000U);
    // The first frame is where it happened, not the handler.
    BOOST_REQUIRE(g_left->frames >= 1U);
    BOOST_TEST(place_of(g_left->stack[0]).find("test_os+0x") == 0U);
}

BOOST_AUTO_TEST_CASE(speaks_also_when_the_stack_is_used_up) {
    const int status = ending_of("/", [] {
        pthread_t thread{};
        ::pthread_create(&thread, nullptr, use_up_the_stack, nullptr);
        ::pthread_join(thread, nullptr);
    });
    BOOST_TEST(WTERMSIG(status) == SIGSEGV);
    BOOST_TEST(g_left->signal == SIGSEGV);
}

BOOST_AUTO_TEST_CASE(a_handler_that_crashes_itself_ends_the_process_at_once) {
    const int status = ending_of("/", [] {
        install_crash_handler("/", [](const Fatal&) { touch_nothing(); });
        ::raise(SIGABRT);
    });
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGSEGV);
}

BOOST_AUTO_TEST_CASE(a_place_is_a_file_and_an_offset_or_nothing) {
    BOOST_TEST(place_of(0).empty());
    BOOST_TEST(place_of(1).empty());
    BOOST_TEST(place_of(~std::uint64_t{0}).empty());
    BOOST_TEST(place_of(reinterpret_cast<std::uint64_t>(&use_up_the_stack)).find("test_os+0x") ==
               0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(platform)

BOOST_AUTO_TEST_CASE(of_this_machine_is_enough) {  // A-60; what is missing is tried there
    const auto checked = check_platform();
    const std::string why = checked ? "" : checked.error().message;
    BOOST_TEST(why.empty(), why);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::os

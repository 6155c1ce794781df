// The program itself where no daemon is: what it prints where, and its exit code.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace {

struct Outcome {
    int exit_code = -1;
    std::string out;
};

// stdout of the program; stderr is appended when `both`.
Outcome run(const std::string& arguments, bool both = false) {
    const char* program = std::getenv("MPMCTL");
    BOOST_REQUIRE(program != nullptr);
    const std::string line = std::string("env -u MPMCTL_ADDR ") + program + " " + arguments +
                             (both ? " 2>&1" : " 2>/dev/null");
    std::FILE* pipe = ::popen(line.c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    Outcome outcome;
    std::array<char, 4096> buffer{};
    std::size_t n = 0;
    while ((n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0)
        outcome.out.append(buffer.data(), n);
    const int status = ::pclose(pipe);
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

struct TempDir {
    std::string path = "/tmp/mpmctl-test-XXXXXX";
    TempDir() { BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr); }
    ~TempDir() { run_quietly("rm -r " + path); }
    static void run_quietly(const std::string& line) {
        static_cast<void>(!std::system(line.c_str()));
    }
};

// A bound socket that nobody accepts on any more.
void leave_stale_socket(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(a_missing_socket_is_exit_3_and_says_what_to_do) {
    const TempDir dir;
    const Outcome outcome = run("-s " + dir.path + "/none.sock status", true);
    BOOST_TEST(outcome.exit_code == 3);
    BOOST_TEST(outcome.out.find("does not exist") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stale_socket_is_told_from_a_missing_one) {
    const TempDir dir;
    leave_stale_socket(dir.path + "/control.sock");
    const Outcome outcome = run("--timeout 500ms -s " + dir.path + "/control.sock status", true);
    BOOST_TEST(outcome.exit_code == 3);
    BOOST_TEST(outcome.out.find("nobody listens") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_is_one_document_also_on_failure) {
    const Outcome outcome = run("-o json -s /nonexistent/control.sock status");
    BOOST_TEST(outcome.exit_code == 3);
    BOOST_TEST(outcome.out.rfind("{\"error\": {\"code\": \"UNAVAILABLE\"", 0) == 0U);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_with_json_is_a_json_failure) {
    const Outcome outcome = run("-o json frobnicate");
    BOOST_TEST(outcome.exit_code == 2);
    BOOST_TEST(outcome.out.rfind("{\"error\":", 0) == 0U);
}

BOOST_AUTO_TEST_CASE(a_network_address_is_not_supported_and_says_so) {
    BOOST_TEST(run("-s example.org:4242 status").exit_code == 9);
}

BOOST_AUTO_TEST_CASE(restart_without_a_target_is_wrong_usage) {
    BOOST_TEST(run("-s /none restart").exit_code == 2);
}

BOOST_AUTO_TEST_SUITE_END()

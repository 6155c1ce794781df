// cmake --install and what comes with it: the unit, the users, the directories and the log
// rotation.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/program.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {
namespace {

using Words = std::vector<std::string>;

bool exists_program(const std::string& name) {
    for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"})
        if (::access((folder + name).c_str(), X_OK) == 0) return true;
    return false;
}

void need(const std::string& program) {
    if (!exists_program(program)) skip((program + " is not installed").c_str());
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    BOOST_REQUIRE_MESSAGE(in, "no " << file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// The value of `key=` in a unit, the last one.
std::string unit_value(const std::string& unit, const std::string& key) {
    const std::size_t at = unit.rfind('\n' + key + '=');
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, "the unit has no " << key);
    const std::size_t begin = at + key.size() + 2;
    return unit.substr(begin, unit.find('\n', begin) - begin);
}

Ended run(Words words) {
    words.insert(words.begin(), "/usr/bin/env");  // looks along PATH
    return Program(std::move(words)).wait();
}

// Who connects now meets a child that came after these.
bool all_replaced(const ServerProcess& server, const std::vector<pid_t>& before) {
    return becomes_true(std::chrono::seconds(2), [&] {
        return std::all_of(before.begin(), before.end(), [](pid_t pid) { return has_gone(pid); }) &&
               snapshot_of(server.pid()).totals.active > 0;
    });
}

// The product below a directory of its own, as a package would have it.
struct Installed {
    Installed() {
        BOOST_REQUIRE(::setenv("DESTDIR", dir.path().c_str(), 1) == 0);
        const std::string build =
            std::filesystem::path(program_path("MPMD", "mpmd")).parent_path().parent_path();
        const Ended done = run({"cmake", "--install", build, "--prefix", "/usr"});
        ::unsetenv("DESTDIR");
        BOOST_REQUIRE_MESSAGE(done.exit_status == 0, done.out + done.err);
    }
    [[nodiscard]] std::string unit() const {
        return text_of(dir / "usr/lib/systemd/system/mpmd.service");
    }
    TempDir dir;
};

BOOST_AUTO_TEST_SUITE(packaging)

BOOST_AUTO_TEST_CASE(installs_programs_pages_and_a_configuration_that_it_accepts) {
    const Installed installed;
    for (const char* file :
         {"usr/sbin/mpmd", "usr/bin/mpmctl", "usr/libexec/mpmd/mpmd-control",
          "usr/share/man/man8/mpmd.8", "usr/share/man/man5/mpmd.conf.5",
          "usr/lib/sysusers.d/mpmd.conf", "usr/lib/tmpfiles.d/mpmd.conf", "etc/logrotate.d/mpmd"})
        BOOST_TEST(std::filesystem::exists(installed.dir / file), file);
    const std::string config = installed.dir / "etc/mpmd/mpmd.conf";
    std::ofstream(installed.dir / "here.conf")
        << replaced(text_of(config), "/etc/mpmd", installed.dir / "etc/mpmd");
    const Ended checked =
        run({installed.dir / "usr/sbin/mpmd", "-t", "-f", installed.dir / "here.conf"});
    BOOST_TEST(checked.exit_status == 0, checked.out + checked.err);
    BOOST_TEST(checked.err.find("warning") == std::string::npos, checked.err);
}

// With what the unit's LogsDirectory makes, and nothing of /run or /var/lib.
BOOST_AUTO_TEST_CASE(the_installed_configuration_starts_on_a_fresh_machine) {  // P-12
    const Installed installed;
    std::filesystem::permissions(installed.dir.path(), std::filesystem::perms(0755));
    std::filesystem::create_directories(installed.dir / "var/log/mpmd");
    std::string text = text_of(installed.dir / "etc/mpmd/mpmd.conf");
    for (const char* place : {"/etc/mpmd", "/var/www", "/var/log", "/run/mpmd"})
        text = replaced(text, std::string(" ") + place, ' ' + (installed.dir / (place + 1)));
    text = replaced(text, "Listen 80\n", "Listen 127.0.0.1:0\n");
    const std::string run = installed.dir / "run/mpmd/main";
    const std::string config = installed.dir.write(
        "here.conf", text + "ControlSocket " + run + "/control.sock\nStateDir " +
                         (installed.dir / "var/lib/mpmd/main") + "\n");
    Program server({program_path("MPMD", "mpmd"), "-f", config, "--foreground"});
    const bool serves = becomes_true(std::chrono::seconds(2), [&] {
        return std::filesystem::exists(run + "/control.sock") || !server.running();
    });
    BOOST_TEST(serves);
    if (server.running()) {
        BOOST_TEST(text_of(run + "/mpmd.pid") == std::to_string(server.pid()) + "\n");
        server.signal(SIGTERM);
    }
    const Ended ended = server.wait();
    BOOST_TEST(ended.exit_status == 0, ended.err);
}

BOOST_AUTO_TEST_CASE(below_another_prefix_the_configuration_names_its_own_place) {
    const TempDir dir;
    const std::string build =
        std::filesystem::path(program_path("MPMD", "mpmd")).parent_path().parent_path();
    const Ended done = run({"cmake", "--install", build, "--prefix", dir / "opt"});
    BOOST_REQUIRE_MESSAGE(done.exit_status == 0, done.out + done.err);
    BOOST_TEST(text_of(dir / "opt/etc/mpmd/mpmd.conf")
                   .find("ServerRoot " + (dir / "opt/etc/mpmd") + "\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_second_installation_keeps_the_administrators_configuration) {
    const Installed installed;
    std::ofstream(installed.dir / "etc/mpmd/mpmd.conf") << "Listen 8080\n";
    BOOST_REQUIRE(::setenv("DESTDIR", installed.dir.path().c_str(), 1) == 0);
    const std::string build =
        std::filesystem::path(program_path("MPMD", "mpmd")).parent_path().parent_path();
    const Ended again = run({"cmake", "--install", build, "--prefix", "/usr"});
    ::unsetenv("DESTDIR");
    BOOST_TEST(again.exit_status == 0, again.err);
    BOOST_TEST(text_of(installed.dir / "etc/mpmd/mpmd.conf") == "Listen 8080\n");
}

BOOST_AUTO_TEST_CASE(the_unit_passes_systemd_analyze_verify) {
    need("systemd-analyze");
    const Installed installed;
    // It also wants the programs that the unit names: those that were installed.
    const std::string file = installed.dir / "mpmd.service";
    std::ofstream(file) << replaced(installed.unit(), "=/usr/sbin/",
                                    '=' + (installed.dir / "usr/sbin/"));
    const Ended seen = run({"systemd-analyze", "verify", "--man=no", file});
    BOOST_TEST(seen.exit_status == 0, seen.out + seen.err);
    BOOST_TEST(seen.err.find("mpmd") == std::string::npos, seen.err);
}

int signal_called(const std::string& name) {
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        const char* const word = ::sigabbrev_np(signal);
        if (word != nullptr && name == std::string("SIG") + word) return signal;
    }
    BOOST_FAIL("no signal is called " + name);
    return 0;
}

// systemctl stop, restart, and the end of the machine.
BOOST_AUTO_TEST_CASE(a_stop_by_the_unit_lets_what_runs_end) {
    const Installed installed;
    const std::string unit = installed.unit();
    // A stop command that returns before the end is followed by the signal at once.
    BOOST_TEST(unit.find("ExecStop") == std::string::npos);
    BOOST_TEST(unit_value(unit, "KillMode") == "mixed");  // the signal is for the supervisor alone
    const Gate gate;
    ServerProcess server(ServerOptions{gate.lines() + "GracefulShutdownTimeout 600\n", false});
    auto running = hold_workers(server, 1);
    server.signal(signal_called(unit_value(unit, "KillSignal")));
    BOOST_REQUIRE(becomes_true(std::chrono::seconds(1),
                               [&] { return snapshot_of(server.pid()).totals.draining > 0; }));
    gate.open();
    const HttpResponse answer = running.front().receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == Gate::kBody);
    BOOST_TEST(server.wait().exit_status == 0);  // and Restart=on-failure starts nothing
}

BOOST_AUTO_TEST_CASE(the_unit_waits_longer_than_a_graceful_stop_takes) {
    const Installed installed;
    const std::string config = text_of(installed.dir / "etc/mpmd/mpmd.conf");
    const std::string name = "\nGracefulShutdownTimeout ";
    const std::size_t at = config.find(name);
    BOOST_REQUIRE(at != std::string::npos);
    const int drain = std::stoi(config.substr(at + name.size()));
    BOOST_TEST(config.find("\nStopTimeout") == std::string::npos);
    constexpr int kStop = 3;     // the default of StopTimeout
    constexpr int kControl = 2;  // for mpmd-control to leave
    BOOST_TEST(std::stoi(unit_value(installed.unit(), "TimeoutStopSec")) >
               drain + kStop + kControl);
}

BOOST_AUTO_TEST_CASE(logrotate_understands_its_file_and_rotation_reopens_the_logs) {
    need("logrotate");
    const Installed installed;
    const Ended seen = run({"logrotate", "-d", installed.dir / "etc/logrotate.d/mpmd"});
    BOOST_TEST(seen.exit_status == 0, seen.out + seen.err);
    BOOST_TEST((seen.out + seen.err).find("error") == std::string::npos, seen.out + seen.err);

    // The same file, for a server of this test: after the rotation new lines go to a new file.
    ServerProcess server;
    std::string rotation = text_of(installed.dir / "etc/logrotate.d/mpmd");
    rotation = replaced(rotation, "/var/log/mpmd/*.log", server.dir() / "access.log");
    rotation = replaced(rotation, "/usr/sbin/mpmd", program_path("MPMD", "mpmd"));
    rotation = replaced(rotation, "/etc/mpmd/mpmd.conf", server.config());
    rotation = replaced(rotation, "/run/mpmd/main/mpmd.pid", server.config());
    rotation = replaced(rotation, "create 0640 root adm", "nocreate");
    const std::string file = server.dir().write("rotate/mpmd", rotation);
    const std::string state = server.dir() / "rotate/state";
    BOOST_REQUIRE(
        becomes_true(std::chrono::seconds(1), [&] { return !server.read("access.log").empty(); }));
    const std::vector<pid_t> before = server.children();
    const Ended rotated = run({"logrotate", "-f", "-s", state, file});
    BOOST_TEST(rotated.exit_status == 0, rotated.out + rotated.err);
    BOOST_REQUIRE(all_replaced(server, before));
    HttpClient client(server.port());
    BOOST_TEST(client.send(get_request("/small.txt?after")));
    BOOST_TEST(client.receive().status == 200);
    BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
        return server.read("access.log").find("?after") != std::string::npos;
    }));
    BOOST_TEST(server.read("access.log.1").find("?after") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(sysusers_makes_the_user_and_tmpfiles_the_places) {
    need("systemd-sysusers");
    need("systemd-tmpfiles");
    if (::geteuid() != 0) skip("needs root");
    const Installed installed;
    const std::string root = "--root=" + installed.dir.path().string();
    installed.dir.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    installed.dir.write("etc/group", "root:x:0:\nadm:x:4:\n");
    const Ended users = run({"systemd-sysusers", root});
    BOOST_TEST(users.exit_status == 0, users.err);
    const std::string passwd = text_of(installed.dir / "etc/passwd");
    BOOST_TEST(passwd.find("\nmpmd-control:") != std::string::npos, passwd);
    BOOST_TEST(passwd.find("/usr/sbin/nologin") != std::string::npos, passwd);
    BOOST_TEST(text_of(installed.dir / "etc/group").find("\nmpmd-view:") != std::string::npos);
    const Ended places = run({"systemd-tmpfiles", root, "--create", "mpmd.conf"});
    BOOST_TEST(places.exit_status == 0, places.err);
    for (const char* place : {"run/mpmd/main", "var/lib/mpmd", "var/log/mpmd", "var/www/html"})
        BOOST_TEST(std::filesystem::is_directory(installed.dir / place), place);
}

// What the unit leaves the supervisor of root's power is enough for its whole life.
BOOST_AUTO_TEST_CASE(the_capabilities_of_the_unit_suffice) {
    need("setpriv");
    if (::geteuid() != 0) skip("needs root");
    const Installed installed;
    std::string set = "-all";
    std::string value = unit_value(installed.unit(), "CapabilityBoundingSet");
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const std::string& word : {value})
        set += ",+" + replaced(replaced(word, "cap_", ""), " ", ",+");
    ServerOptions options;
    options.wrapper = {"/usr/bin/setpriv", "--bounding-set=" + set, "--inh-caps=-all",
                       "--no-new-privs"};
    ServerProcess server(options);
    const Mpmctl mpmctl(server.socket());
    for (const Words& command : {Words{"restart", "--all"}, Words{"graceful"},
                                 Words{"set", "MinSpareThreads=30", "--yes"}}) {
        const Ended done = mpmctl.run(command);
        BOOST_TEST(done.exit_status == 0, command.front() + ": " + done.out + done.err);
    }
    const std::vector<pid_t> before = server.children();
    const Ended restarted =
        run({program_path("MPMD", "mpmd"), "-k", "restart", "-f", server.config()});
    BOOST_TEST(restarted.exit_status == 0, restarted.out + restarted.err);
    BOOST_REQUIRE(all_replaced(server, before));
    HttpClient client(server.port());
    BOOST_TEST(client.send(get_request("/small.txt")));
    BOOST_TEST(client.receive().status == 200);
    BOOST_TEST(server.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test

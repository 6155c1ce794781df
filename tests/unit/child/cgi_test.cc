// CGI scripts in a whole child: what they are told, what the client gets, and how they end.

#include <csignal>
#include <deque>
#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "tests/support/processes.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

using scoreboard::ConnectionState;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

struct ScriptSite : MiniParent {
    ScriptSite() {
        fs::create_directories(directory / "cgi-bin");
        config.effective.script_aliases = {{"/cgi-bin/", directory / "cgi-bin"}};
        config.effective.live.log_level = config::LogLevel::Info;
        adopt_orphans();
    }
    // A shell script that writes its own number to NAME.pid first.
    void script(const std::string& name, const std::string& body) const {
        const fs::path file = directory / "cgi-bin" / name;
        std::ofstream(file) << "#!/bin/sh\necho $$ > '" << (directory / name).string()
                            << ".pid.new'\nmv '" << (directory / name).string() << ".pid.new' '"
                            << (directory / name).string() << ".pid'\n"
                            << body;
        fs::permissions(file, fs::perms(0755));
    }
    [[nodiscard]] pid_t pid_of(const std::string& name) const {
        pid_t number = 0;
        BOOST_TEST(eventually([&] {
            number = static_cast<pid_t>(std::atoi(read_file(name + ".pid").c_str()));
            return number > 0;
        }));
        return number;
    }
    // A script that was ended before it had begun, for this machine was slow, proves nothing.
    template <class Ask>
    void ask_until_in_time(const std::string& mark, Ask ask) const {
        for (int tries = 0; tries < 20; ++tries) {
            ask();
            if (fs::exists(directory / mark)) return;
        }
        BOOST_TEST(false, "it never wrote " + mark);
    }
    [[nodiscard]] bool logged(const std::string& text) const {
        return eventually([&] { return read_file("error_log").find(text) != std::string::npos; });
    }
    [[nodiscard]] bool all_free() const {
        return eventually([&] {
            return status().idle_workers.load() == static_cast<int>(threads) &&
                   children_of(pid()).empty();
        });
    }
};

const std::string kPlain = "printf 'Content-Type: text/plain\\n\\n'\n";

BOOST_AUTO_TEST_SUITE(cgi)

BOOST_AUTO_TEST_CASE(a_script_answers_with_its_head_and_its_body) {
    ScriptSite site;
    site.script("hello",
                "printf 'Status: 201 Made\\nContent-Type: text/x\\nX-A: b\\n\\nhello\\n'\n");
    site.start();
    Client client(site.port());
    const Answer answer = client.ask("/cgi-bin/hello/rest?x=1");
    BOOST_TEST(answer.status == 201);
    BOOST_TEST(answer.has("Content-Type: text/x\r\n"));
    BOOST_TEST(answer.has("X-A: b\r\n"));
    BOOST_TEST(answer.has("Transfer-Encoding: chunked\r\n"));
    BOOST_TEST(answer.body == "hello\n");
    BOOST_TEST(client.ask("/cgi-bin/hello").body == "hello\n");  // the same connection
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(its_environment_is_clean_and_its_descriptors_are_three) {
    ::setenv("MPMD_TEST_SECRET", "1", 1);
    ScriptSite site;
    site.script("env", kPlain +
                           "env; ls -l /proc/self/fd; pwd; cat; echo args=$#\n"
                           "grep -E 'Sig(Blk|Ign)|NoNewPrivs' /proc/self/status\n"
                           "ps -o pgid= -p $$ | tr -d ' '\n");
    site.start();
    ::unsetenv("MPMD_TEST_SECRET");
    Client client(site.port());
    const Answer answer = client.ask("/cgi-bin/env/p?a+b", "Proxy: x\r\n");
    BOOST_TEST_CONTEXT(answer.body) {
        const auto says = [&](const std::string& text) {
            return answer.body.find(text) != std::string::npos;
        };
        BOOST_TEST(!says("MPMD_TEST_SECRET"));
        BOOST_TEST(!says("HTTP_PROXY"));
        BOOST_TEST(says("\nPATH=/usr/local/bin:/usr/bin:/bin\n"));
        BOOST_TEST(says("PATH_INFO=/p\n"));
        BOOST_TEST(says("QUERY_STRING=a+b\n"));
        BOOST_TEST(says("SERVER_PORT=" + std::to_string(site.port()) + "\n"));
        BOOST_TEST(says("REMOTE_ADDR=127.0.0.1\n"));
        BOOST_TEST(says("SERVER_ADDR=127.0.0.1\n"));
        BOOST_TEST(says("args=0\n"));  // nothing of the client's on the command line
        BOOST_TEST(says((site.directory / "cgi-bin").string() + "\n"));
        BOOST_TEST(says("SigBlk:\t0000000000000000\n"));
        // The last two bits are the C library's own, 32 and 33: programs set them when they start.
        BOOST_TEST((says("SigIgn:\t0000000000000000\n") || says("SigIgn:\t0000000180000000\n")));
        BOOST_TEST(says("\n" + std::to_string(site.pid_of("env")) + "\n"));  // a group of its own
        BOOST_TEST(says(" 0 -> /dev/null\n"));
        BOOST_TEST(!says("socket:"));
        BOOST_TEST(!says("eventpoll"));
    }
}

BOOST_AUTO_TEST_CASE(a_body_is_its_standard_input_whole) {
    ScriptSite site;
    site.script("count", kPlain + "echo $CONTENT_LENGTH $CONTENT_TYPE; cksum\n");
    site.start();
    for (const std::size_t size : {std::size_t{5}, std::size_t{300'000}, std::size_t{9'000'000}}) {
        Client client(site.port());
        const std::string body(size, 'b');
        client.send(
            "POST /cgi-bin/count HTTP/1.1\r\nHost: t\r\nContent-Type: x/y\r\nContent-Length: " +
            std::to_string(size) + "\r\n\r\n" + body);
        const Answer answer = client.read_answer();
        BOOST_TEST(answer.body.starts_with(std::to_string(size) + " x/y\n"));
        BOOST_TEST(answer.body.find(" " + std::to_string(size) + "\n") != std::string::npos);
    }
    Client chunked(site.port());
    chunked.send(
        "POST /cgi-bin/count HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    BOOST_TEST(chunked.read_answer().body.starts_with("5\n"));
}

BOOST_AUTO_TEST_CASE(a_slow_body_waits_without_a_script) {
    ScriptSite site;
    site.script("cat", kPlain + "cat\n");
    site.start();
    Client client(site.port());
    client.send("POST /cgi-bin/cat HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
    BOOST_TEST(eventually([&] {
        return site.connections(ConnectionState::WaitIo) == 1 &&
               site.status().idle_workers.load() == 4;
    }));
    BOOST_TEST(children_of(site.pid()).empty());
    client.send("cd");
    BOOST_TEST(client.read_answer().body == "abcd");
}

BOOST_AUTO_TEST_CASE(a_running_script_shows_in_its_row_and_holds_its_thread) {
    ScriptSite site;
    site.script("wait",
                kPlain + "read line < '" + (site.directory / "fifo").string() + "'\necho $line\n");
    BOOST_TEST(::mkfifo((site.directory / "fifo").c_str(), 0666) == 0);
    site.start();
    Client client(site.port());
    client.send(get("/cgi-bin/wait"));
    const pid_t script = site.pid_of("wait");
    scoreboard::ConnectionRow row{};
    BOOST_TEST(eventually([&] {
        return site.extent().connection(0).read(row) &&
               row.script_pid == static_cast<unsigned>(script);
    }));
    BOOST_TEST((row.state == ConnectionState::Running));
    BOOST_TEST(row.script_ns >= row.accepted_ns);
    BOOST_TEST(site.status().idle_workers.load() == 3);
    std::ofstream(site.directory / "fifo") << "now\n";
    BOOST_TEST(client.read_answer().body == "now\n");
    BOOST_TEST(
        eventually([&] { return site.extent().connection(0).read(row) && row.script_pid == 0; }));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(output_streams_as_it_comes) {
    ScriptSite site;
    site.script("drip", kPlain + "echo one; read line < '" + (site.directory / "fifo").string() +
                            "'; echo two\n");
    BOOST_TEST(::mkfifo((site.directory / "fifo").c_str(), 0666) == 0);
    site.start();
    Client client(site.port());
    client.send(get("/cgi-bin/drip"));
    std::string seen;
    BOOST_TEST(eventually([&] {
        char piece[1000];
        const ssize_t got = ::recv(client.fd(), piece, sizeof piece, MSG_DONTWAIT);
        if (got > 0) seen.append(piece, static_cast<std::size_t>(got));
        return seen.find("one\n") != std::string::npos;
    }));
    BOOST_TEST(seen.find("two") == std::string::npos);
    std::ofstream(site.directory / "fifo") << "x\n";
    BOOST_TEST(eventually([&] {
        char piece[1000];
        const ssize_t got = ::recv(client.fd(), piece, sizeof piece, MSG_DONTWAIT);
        if (got > 0) seen.append(piece, static_cast<std::size_t>(got));
        return seen.ends_with("two\n\r\n0\r\n\r\n");
    }));
}

BOOST_AUTO_TEST_CASE(a_slow_client_holds_the_script_and_no_worker) {  // decisions.md 1
    ScriptSite site;
    site.script("big", kPlain + "head -c 20000000 /dev/zero | tr '\\0' x\n");
    site.start();
    Client client(site.port(), 4096);
    client.send(get("/cgi-bin/big"));
    BOOST_TEST(eventually([&] {
        return site.connections(ConnectionState::Writing) == 1 &&
               site.status().idle_workers.load() == 4;
    }));
    // Also after the listener has looked through what it has parked.
    for (int look = 0; look < 2; ++look) {
        const std::uint64_t beat = site.status().heartbeat_ns.load();
        BOOST_TEST(eventually([&] { return site.status().heartbeat_ns.load() != beat; }));
    }
    const scoreboard::ConnectionRow row = site.row(0);
    BOOST_TEST(row.script_pid == static_cast<unsigned>(site.pid_of("big")));
    BOOST_TEST(row.request_ns != 0U);
    BOOST_TEST(!children_of(site.pid()).empty());
    BOOST_TEST((client.read_answer().body == std::string(20'000'000, 'x')));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(head_has_the_same_head_and_no_body) {
    ScriptSite site;
    site.script("a", "printf 'Content-Type: x/y\\nContent-Length: 6\\n\\n'; echo hello\n");
    site.script("b", kPlain + "echo $REQUEST_METHOD >&2; echo hello\n");
    site.script("c", "printf 'Status: 304\\nETag: \"x\"\\n\\n'; echo hello\n");
    site.start();
    Client client(site.port());
    client.send("HEAD /cgi-bin/a HTTP/1.1\r\nHost: t\r\n\r\n");
    const Answer answer = client.read_answer(true);
    BOOST_TEST(answer.has("Content-Length: 6\r\n"));
    client.send("HEAD /cgi-bin/b HTTP/1.1\r\nHost: t\r\n\r\n");
    BOOST_TEST(!client.read_answer(true).has("Content-Length"));
    BOOST_TEST(client.ask("/cgi-bin/c").status == 304);
    BOOST_TEST(client.ask("/cgi-bin/a").body == "hello\n");
    BOOST_TEST(site.logged("): HEAD"));
}

BOOST_AUTO_TEST_CASE(redirects_are_local_or_the_clients) {
    ScriptSite site;
    site.write_file("a.html", "a file");
    site.script("file", "printf 'Location: /a.html\\n\\n'\n");
    site.script("other", "printf 'Location: /cgi-bin/env/x?y=z\\n\\n'\n");
    site.script("env", kPlain +
                           "echo $REQUEST_METHOD $PATH_INFO $QUERY_STRING $REDIRECT_URL "
                           "${CONTENT_LENGTH-none}\n");
    site.script("loop", "printf 'Location: /cgi-bin/loop\\n\\n'\n");
    site.script("away", "printf 'Location: http://example.org/\\n\\n'\n");
    site.start();
    Client client(site.port());
    BOOST_TEST(client.ask("/cgi-bin/file").body == "a file");
    client.send("POST /cgi-bin/other HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
    BOOST_TEST(client.read_answer().body == "GET /x y=z /cgi-bin/other none\n");
    const Answer away = client.ask("/cgi-bin/away");
    BOOST_TEST(away.status == 302);
    BOOST_TEST(away.has("Location: http://example.org/\r\n"));
    BOOST_TEST(client.ask("/cgi-bin/loop").status == 500);
    BOOST_TEST(site.logged("more than 10 local redirects"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_run_is_403_404_or_500_with_the_reason_in_the_log) {
    ScriptSite site;
    site.script("plain", "");
    fs::permissions(site.directory / "cgi-bin/plain", fs::perms(0644));
    std::ofstream(site.directory / "cgi-bin/no-interpreter") << "#!/no/such/thing\n";
    fs::permissions(site.directory / "cgi-bin/no-interpreter", fs::perms(0755));
    site.start();
    Client client(site.port());
    BOOST_TEST(client.ask("/cgi-bin/plain").status == 403);
    BOOST_TEST(client.ask("/cgi-bin/missing").status == 404);
    BOOST_TEST(site.logged("plain cannot be executed"));
    Client other(site.port());
    BOOST_TEST(other.ask("/cgi-bin/no-interpreter").status == 500);
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(a_bad_or_missing_head_is_500_with_the_reason_in_the_log) {
    ScriptSite site;
    site.script("silent", "exit 3\n");
    site.script("killed", "kill -9 $$\n");
    site.script("chatty", "echo Hello; echo; sleep 30\n");
    site.start();
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/silent").status == 500);
    BOOST_TEST(site.logged("exited with 3: its header is missing: it said nothing"));
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/killed").status == 500);
    BOOST_TEST(site.logged("was ended by signal 9: its header is missing"));
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/chatty").status == 500);
    BOOST_TEST(site.logged("its header has a malformed line: Hello"));
    BOOST_TEST(site.all_free());  // the one that sleeps was ended, too
}

BOOST_AUTO_TEST_CASE(standard_error_goes_to_the_error_log_with_name_and_pid) {
    ScriptSite site;
    site.script("warn", "printf 'one\\ntw\\033o\\n' >&2\n" + kPlain + "echo ok\n");
    site.start();
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/warn").body == "ok\n");
    const std::string who =
        "script /cgi-bin/warn (pid " + std::to_string(site.pid_of("warn")) + "): ";
    BOOST_TEST(site.logged("[cgi:error]"));
    BOOST_TEST(site.logged(who + "one\n"));
    BOOST_TEST(site.logged(who + "tw\\x1bo\n"));
}

BOOST_AUTO_TEST_CASE(megabytes_of_standard_error_block_nobody_and_are_cut) {
    ScriptSite site;
    site.script("flood", "yes 0123456789012345678901234567890123456789 | head -c 5000000 >&2\n" +
                             kPlain + "echo ok\n");
    site.start();
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/flood").body == "ok\n");
    BOOST_TEST(site.logged("more bytes of its standard error are left out"));
    BOOST_TEST(site.read_file("error_log").size() < 1'000'000u);
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(silence_is_504_and_the_end_of_the_whole_group) {
    ScriptSite site;
    site.config.effective.cgi_timeout_ms = 300;
    const std::string file = (site.directory / "grandchild.pid").string();
    site.script("mute", "sleep 1000 & echo $! > '" + file + ".new'; mv '" + file + ".new' '" +
                            file + "'; exec sleep 1000\n");
    site.start();
    site.ask_until_in_time("grandchild.pid", [&] {
        const auto start = std::chrono::steady_clock::now();
        BOOST_TEST(Client(site.port()).ask("/cgi-bin/mute").status == 504);
        BOOST_TEST((std::chrono::steady_clock::now() - start >= milliseconds(300)));
    });
    BOOST_TEST(site.logged("said nothing for 300 ms and is ended"));
    const pid_t grandchild = site.pid_of("grandchild");
    BOOST_TEST(eventually([&] { return has_gone(grandchild) && has_gone(site.pid_of("mute")); }));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(who_ignores_term_is_killed) {
    ScriptSite site;
    site.config.effective.cgi_timeout_ms = 200;
    site.script("stubborn", "trap '' TERM\n: > '" + (site.directory / "ignores").string() +
                                "'\nwhile :; do sleep 1; done\n");
    site.start();
    auto start = std::chrono::steady_clock::now();
    site.ask_until_in_time("ignores", [&] {
        BOOST_TEST(site.all_free());
        fs::remove(site.directory / "ignores");
        start = std::chrono::steady_clock::now();
        BOOST_TEST(Client(site.port()).ask("/cgi-bin/stubborn").status == 504);
    });
    BOOST_TEST(site.all_free());
    BOOST_TEST((std::chrono::steady_clock::now() - start >= milliseconds(3200)));
}

BOOST_AUTO_TEST_CASE(silence_in_its_body_cuts_the_response) {
    ScriptSite site;
    site.config.effective.cgi_timeout_ms = 300;
    site.script("half", kPlain + "echo half; sleep 1000\n");
    site.start();
    std::string seen;
    // One that this machine did not let speak in time is told 504, rightly.
    for (int tries = 0; tries < 20 && (tries == 0 || seen.find(" 504 ") != std::string::npos);
         ++tries) {
        seen.clear();
        Client client(site.port());
        client.send(get("/cgi-bin/half"));
        BOOST_TEST(eventually([&] {
            char piece[1000];
            const ssize_t got = ::recv(client.fd(), piece, sizeof piece, MSG_DONTWAIT);
            if (got > 0) seen.append(piece, static_cast<std::size_t>(got));
            return got == 0 || (got < 0 && errno == ECONNRESET);
        }));
    }
    BOOST_TEST(seen.find("half\n") != std::string::npos);
    BOOST_TEST(!seen.ends_with("0\r\n\r\n"));  // that would say it is whole
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_ends_its_script) {
    ScriptSite site;
    site.script("long", "trap 'exit 1' TERM\nwhile :; do sleep 0.1; done\n");
    site.start();
    Client client(site.port());
    client.send(get("/cgi-bin/long"));
    const pid_t script = site.pid_of("long");
    scoreboard::ConnectionRow row{};
    BOOST_TEST(eventually([&] {  // long enough that this is no half close
        return site.extent().connection(0).read(row) && row.script_ns > 0 &&
               os::mono_now() >
                   from_ns(static_cast<std::int64_t>(row.script_ns)) + milliseconds(100);
    }));
    client.close();
    BOOST_TEST(eventually([&] { return has_gone(script); }));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_while_it_is_slow_ends_its_script) {
    ScriptSite site;
    site.script("big", kPlain + "cat /dev/zero\n");
    site.start();
    Client client(site.port(), 4096);
    client.send(get("/cgi-bin/big"));
    BOOST_TEST(eventually([&] { return site.connections(ConnectionState::Writing) == 1; }));
    const pid_t script = site.pid_of("big");
    client.close();
    BOOST_TEST(eventually([&] { return has_gone(script); }));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(a_client_that_has_only_finished_sending_is_answered) {
    ScriptSite site;
    const std::string fifo = (site.directory / "fifo").string();
    BOOST_TEST(::mkfifo(fifo.c_str(), 0666) == 0);
    site.threads = 1;
    site.config.effective.live.request_queue_timeout_ms = 60'000;
    site.script("wait", "read line < '" + fifo + "'\n" + kPlain + "echo $line\n");
    site.script("slow", kPlain + "sleep 0.3; echo ok\n");
    site.start();
    Client client(site.port());
    BOOST_TEST(client.ask("/mpmd-test/bytes?1").status == 200);
    Client first(site.port());
    first.send(get("/cgi-bin/wait"));
    BOOST_TEST(site.pid_of("wait") > 0);
    client.send(get("/cgi-bin/slow", "Connection: close\r\n"));  // waits for the worker
    BOOST_TEST(eventually([&] { return site.status().queued.load() == 1; }));
    client.shut_writing();
    std::ofstream(fifo) << "go\n";
    BOOST_TEST(first.read_answer().body == "go\n");
    BOOST_TEST(client.read_answer().body == "ok\n");
}

BOOST_AUTO_TEST_CASE(who_closes_its_output_early_frees_the_worker_and_may_finish) {
    ScriptSite site;
    const std::string fifo = (site.directory / "fifo").string();
    BOOST_TEST(::mkfifo(fifo.c_str(), 0666) == 0);
    site.script("early",
                kPlain + "echo ok; exec >&-; read line < '" + fifo + "'; echo $line >&2\n");
    site.start();
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/early").body == "ok\n");
    BOOST_TEST(eventually([&] { return site.status().idle_workers.load() == 4; }));
    BOOST_TEST(!has_gone(site.pid_of("early")));
    std::ofstream(fifo) << "afterwards\n";
    BOOST_TEST(site.logged("): afterwards\n"));
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(a_draining_child_lets_a_script_finish_and_a_forced_one_ends_it) {
    ScriptSite site;
    site.script("slow", kPlain + "sleep 0.5; echo ok\n");
    site.script("long", "trap '' TERM\nsleep 1000 & wait\nsleep 1000\n");
    site.start();
    Client slow(site.port());
    Client stuck(site.port());
    slow.send(get("/cgi-bin/slow"));
    stuck.send(get("/cgi-bin/long"));
    const pid_t script = site.pid_of("long");
    BOOST_TEST(site.pid_of("slow") > 0);
    site.drain(60'000, 0);
    BOOST_TEST(slow.read_answer().body == "ok\n");
    BOOST_TEST(!has_gone(script));
    site.order(ipc::Order::Stop);
    BOOST_TEST(site.exit_status().value_or(-1) == 0);
    BOOST_TEST(eventually([&] { return has_gone(script); }));
}

BOOST_AUTO_TEST_CASE(a_location_makes_scripts_of_files_when_it_says_so) {
    ScriptSite site;
    site.config.effective.script_aliases.clear();
    config::Location on;
    on.path = "/scripts";
    on.handler = config::SetHandler::CgiScript;
    on.exec_cgi = true;
    config::Location off = on;
    off.path = "/scripts/off";
    off.exec_cgi = false;
    config::Location denied;
    denied.path = "/scripts/denied";
    denied.access = config::Access::Denied;
    site.config.effective.locations = {on, off, denied};
    for (const char* name : {"scripts/a", "scripts/off/a", "scripts/denied/a", "plain/a"}) {
        fs::create_directories((site.directory / "htdocs" / name).parent_path());
        site.write_file(
            name, "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\n'\necho $SCRIPT_NAME$PATH_INFO\n");
        fs::permissions(site.directory / "htdocs" / name, fs::perms(0755));
    }
    site.start();
    Client client(site.port());
    BOOST_TEST(client.ask("/scripts/a/x").body == "/scripts/a/x\n");
    BOOST_TEST(client.ask("/scripts/off/a").status == 403);
    BOOST_TEST(client.ask("/scripts/denied/a").status == 403);
    BOOST_TEST(client.ask("/plain/a").body.starts_with("#!/bin/sh"));
    BOOST_TEST(site.logged("Options ExecCGI is off"));
    client.send(
        "POST /scripts/denied/a HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n"
        "Expect: 100-continue\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 403);  // its body is not asked for
}

BOOST_AUTO_TEST_CASE(a_script_that_says_less_than_it_promised_cuts_the_response) {
    ScriptSite site;
    site.script("short", "printf 'Content-Type: a/b\\nContent-Length: 10\\n\\n12345'\n");
    site.script("more", "printf 'Content-Type: a/b\\nContent-Length: 5\\n\\n1234567890'\n");
    site.start();
    Client client(site.port());
    client.send(get("/cgi-bin/short"));
    BOOST_TEST(client.reads_end());
    BOOST_TEST(site.logged("said 5 bytes less than its Content-Length"));
    Client other(site.port());
    BOOST_TEST(other.ask("/cgi-bin/more").body == "12345");
    BOOST_TEST(other.ask("/cgi-bin/more").body == "12345");  // and nothing of the rest
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(scripts_and_bodies_work_the_same_under_mpm_worker) {
    ScriptSite site;
    site.config.effective.limits.model = mpm::Model::Worker;
    site.script("cat", kPlain + "cat; echo; echo $REQUEST_METHOD\n");
    site.start();
    Client client(site.port());
    client.send(
        "POST /cgi-bin/cat HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"
        "Expect: 100-continue\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 100);
    client.send("ab");
    BOOST_TEST(!client.hears_within(milliseconds(50)));
    client.send("cd");
    BOOST_TEST(client.read_answer().body == "abcd\nPOST\n");
    client.close();
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(silence_is_504_under_mpm_worker_too) {
    ScriptSite site;
    site.config.effective.limits.model = mpm::Model::Worker;
    site.script("mute", "sleep 1000\n");
    site.config.effective.cgi_timeout_ms = 300;
    site.start();
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/mute").status == 504);
    BOOST_TEST(site.all_free());
}

BOOST_AUTO_TEST_CASE(many_at_once_leave_nothing_behind) {
    ScriptSite site;
    site.config.effective.live.async_factor_micro = 20'000'000;
    site.config.effective.live.request_queue_timeout_ms = 30'000;
    site.script("quick", kPlain + "echo $QUERY_STRING\n");
    site.start();
    const auto descriptors = [&] {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry :
             fs::directory_iterator("/proc/" + std::to_string(site.pid()) + "/fd"))
            ++count;
        return count;
    };
    const auto no_client = [&] {
        return eventually([&] {
            return site.connections(ConnectionState::KeepAlive) == 0 &&
                   site.connections(ConnectionState::Closing) == 0;
        });
    };
    BOOST_TEST(Client(site.port()).ask("/cgi-bin/quick?x").body == "x\n");
    BOOST_TEST((site.all_free() && no_client()));
    const std::size_t before = descriptors();
    std::deque<Client> clients;
    for (int i = 0; i < 20; ++i) {
        clients.emplace_back(site.port());
        clients.back().send(get("/cgi-bin/quick?" + std::to_string(i)));
    }
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(clients[static_cast<std::size_t>(i)].read_answer().body ==
                   std::to_string(i) + "\n");
    clients.clear();
    BOOST_TEST((site.all_free() && no_client()));
    // A script's own are closed a moment after it is reaped, so `before` may have one too many.
    BOOST_TEST(eventually([&] { return descriptors() <= before; }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test

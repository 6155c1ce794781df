#include "daemon/log/log.h"

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/log/access_log.h"
#include "daemon/log/log_ring.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::log {
namespace {

class Collector final : public Sink {
public:
    void append(std::string_view lines) override { text += lines; }
    std::string text;
};

std::string content(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

os::EventFd bell() {
    return std::move(*os::EventFd::create());
}

BOOST_AUTO_TEST_SUITE(error_log)

BOOST_AUTO_TEST_CASE(a_line_has_httpds_form) {
    LineContext context;
    context.time = WallTime(std::chrono::microseconds(1772632951'123456));
    context.pid = 12;
    context.tid = 34;
    BOOST_TEST(format_line(context, Level::Notice, "mpm_event", "hello") ==
               "[Wed Mar 04 14:02:31.123456 2026] [mpm_event:notice] [pid 12:tid 34] hello\n");
    context.utc_offset_seconds = -15 * 3600;
    BOOST_TEST(format_line(context, Level::Emerg, "core", "x")
                   .starts_with("[Tue Mar 03 23:02:31.123456 2026] [core:emerg]"));
}

BOOST_AUTO_TEST_CASE(control_characters_stay_inside_the_line) {
    const std::string line = format_line({}, Level::Error, "core", "a\nb\x1b[2J");
    BOOST_TEST(line.ends_with("a\\x0ab\\x1b[2J\n"));
}

BOOST_AUTO_TEST_CASE(says_what_its_level_allows_and_every_notice) {
    Collector sink;
    Log log(sink, Level::Error);
    log.say(Level::Warn, "core", "hidden");
    log.say(Level::Notice, "mpm_event", "resuming {} operations", "normal");
    log.say(Level::Crit, "core", "shown");
    BOOST_TEST(sink.text.find("hidden") == std::string::npos);
    BOOST_TEST(sink.text.find("resuming normal operations\n") != std::string::npos);
    BOOST_TEST(sink.text.find("shown") != std::string::npos);
    log.set_level(Level::Debug);
    log.say(Level::Warn, "core", "hidden no more");
    BOOST_TEST(sink.text.find("hidden no more") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_is_appended_to_and_a_reopened_one_takes_its_place) {
    const test::TempDir directory;
    const std::string first = directory.write("log", "before\n");
    auto file = LogFile::open(first);
    BOOST_REQUIRE(file.has_value());
    file->append("one\n");
    auto second = LogFile::open(directory / "log.1");
    BOOST_REQUIRE(second.has_value());
    file->adopt(os::UniqueFd(::dup(second->fd())));
    file->append("two\n");
    BOOST_TEST(content(first) == "before\none\n");
    BOOST_TEST(content(directory / "log.1") == "two\n");
}

BOOST_AUTO_TEST_CASE(a_pipe_is_never_waited_for) {
    const test::TempDir directory;
    const std::string path = directory / "pipe";
    BOOST_REQUIRE_EQUAL(::mkfifo(path.c_str(), 0600), 0);
    const auto alone = LogFile::open(path);
    BOOST_REQUIRE(!alone.has_value());
    BOOST_TEST(alone.error().message.find("a pipe that nobody reads") != std::string::npos);

    const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    auto file = LogFile::open(path);
    BOOST_REQUIRE(file.has_value());
    for (int i = 0; i < 2000; ++i)  // more than a pipe holds
        file->append(std::string(999, 'x') + "\n");
    std::array<char, 1000> line{};
    BOOST_TEST(::read(reader.get(), line.data(), line.size()) == 1000);
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_opened_is_named) {
    const auto file = LogFile::open("/no/such/directory/log");
    BOOST_REQUIRE(!file.has_value());
    BOOST_TEST(file.error().message.find("/no/such/directory/log") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_ring)

BOOST_AUTO_TEST_CASE(refuses_when_full_and_takes_again_when_emptied) {
    const os::EventFd writer = bell();
    LogRing ring(2, 16, writer);
    BOOST_TEST(ring.roomy());
    BOOST_TEST(ring.append(1, "123456789\n"));
    BOOST_TEST(!ring.roomy());
    BOOST_TEST(!ring.append(1, "123456789\n"));
    BOOST_TEST(ring.append(0, "other\n"));
    std::string lines;
    BOOST_TEST(ring.take(1, lines));
    BOOST_TEST(lines == "123456789\n");
    BOOST_TEST(ring.roomy());
    BOOST_TEST(ring.append(1, "123456789\n"));
}

BOOST_AUTO_TEST_CASE(rings_the_writer_only_when_it_sleeps) {
    const os::EventFd writer = bell();
    LogRing ring(1, 64, writer);
    const auto rung = [&] {
        std::uint64_t count = 0;
        return ::read(writer.fd(), &count, sizeof count) == sizeof count;
    };
    BOOST_TEST(ring.append(0, "a\n"));
    BOOST_TEST(!rung());
    BOOST_TEST(!ring.sleep());
    std::string lines;
    BOOST_TEST(ring.take(0, lines));
    BOOST_TEST(ring.sleep());
    BOOST_TEST(ring.append(0, "b\n"));
    BOOST_TEST(ring.append(0, "c\n"));
    BOOST_TEST(rung());
    BOOST_TEST(!rung());
}

BOOST_AUTO_TEST_CASE(many_threads_lose_no_line_and_mix_none) {
    const os::EventFd writer = bell();
    LogRing ring(1, 512, writer);
    constexpr int kThreads = 4;
    constexpr int kLines = 2000;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&ring, t] {
            for (int i = 0; i < kLines; ++i)
                ring.append_waiting(0, fmt::format("{} {}\n", t, i));
        });
    std::string all;
    std::string lines;
    const bool complete = test::becomes_true(std::chrono::seconds(5), [&] {
        while (ring.take(0, lines))
            all += lines;
        return std::count(all.begin(), all.end(), '\n') == kThreads * kLines;
    });
    ring.close();
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(complete);
    std::array<int, kThreads> next{};
    std::istringstream in(all);
    int thread = 0;
    int number = 0;
    while (in >> thread >> number)
        BOOST_REQUIRE(next.at(static_cast<std::size_t>(thread))++ == number);
}

BOOST_AUTO_TEST_CASE(access_log_keeps_its_lines_while_there_is_no_room) {
    const os::EventFd writer = bell();
    LogRing ring(2, 12, writer);
    const std::vector<LogFormat> formats{*LogFormat::parse("%m %U")};
    AccessLog access(formats, ring, 1);
    Record record;
    record.method = "GET";
    record.path = "/first";
    access.add(record);
    BOOST_TEST(access.flush());
    record.path = "/second";
    access.add(record);
    BOOST_TEST(!access.flush());
    std::string lines;
    BOOST_TEST(ring.take(1, lines));
    BOOST_TEST(lines == "GET /first\n");
    BOOST_TEST(access.flush());
    BOOST_TEST(ring.take(1, lines));
    BOOST_TEST(lines == "GET /second\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::log

#include "daemon/handlers/router.h"

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/handlers/asked.h"

namespace handlers = mpmd::handlers;
namespace http = mpmd::http;
using http::Where;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::test::Asked;
using mpmd::test::has_line;
using mpmd::test::line_value;
using mpmd::test::memory_of;
using mpmd::test::TempDir;

namespace {

MonoTime checked(const http::Handler::Knowledge& learned) {
    return static_cast<const handlers::Learned*>(learned.get())->checked;
}

struct Served {
    TempDir dir;
    mpmd::config::Settings settings;
    std::unique_ptr<handlers::Router> router;
    http::Response response;
    // The moment of the last look: a machine that stands still for seconds makes nothing older.
    MonoTime now{};

    explicit Served(bool test_handlers = false) {
        dir.write("site/a.txt", "hello");
        settings.document_root = dir / "site";
        settings.types_config = dir / "mime.types";
        dir.write("mime.types", "text/x-test txt\n");
        router = std::make_unique<handlers::Router>(settings, test_handlers);
    }
    Where answer(const Asked& asked, Milliseconds later = Milliseconds(0)) {
        return router->answer(asked.request, now + later, response);
    }
    // As a worker and the listener after it.
    void run(const Asked& asked) {
        http::Runner runner;
        router->run(asked.request, runner, response);
        absorb(response.learned);
    }
    void absorb(const http::Handler::Knowledge& learned) {
        if (learned) now = checked(learned);
        router->absorb(learned, now);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(router)

BOOST_AUTO_TEST_CASE(the_listener_answers_what_a_worker_has_learned) {
    Served served;
    const Asked asked("/a.txt");
    BOOST_TEST((served.answer(asked) == Where::NeedsWorker));
    served.run(asked);
    BOOST_TEST(served.response.status == 200);
    BOOST_TEST(has_line(served.response, "Content-Type: text/x-test"));
    BOOST_TEST((served.answer(asked) == Where::Answered));
    BOOST_TEST(memory_of(served.response) == "hello");
    BOOST_TEST((served.answer(Asked("/a.txt?query")) == Where::Answered));
    BOOST_TEST((served.router->take_recheck() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_remembered_too) {
    Served served;
    const Asked asked("/missing");
    served.run(asked);
    BOOST_TEST(served.response.status == 404);
    BOOST_TEST((served.answer(asked) == Where::Answered));
    BOOST_TEST(served.response.status == 404);
}

BOOST_AUTO_TEST_CASE(an_old_answer_is_given_once_more_while_a_worker_looks_again) {
    Served served;
    const Asked asked("/a.txt");
    served.run(asked);
    served.dir.write("site/a.txt", "changed");

    BOOST_TEST((served.answer(asked, Milliseconds(1500)) == Where::Answered));
    const auto recheck = served.router->take_recheck();
    BOOST_REQUIRE((recheck != nullptr));
    BOOST_TEST((served.router->take_recheck() == nullptr));
    served.absorb(served.router->recheck(recheck));

    BOOST_TEST((served.answer(asked) == Where::Answered));
    BOOST_TEST(memory_of(served.response) == "changed");
}

BOOST_AUTO_TEST_CASE(nothing_older_than_twice_the_check_is_ever_answered) {
    Served served;
    const Asked asked("/a.txt");
    served.run(asked);
    BOOST_TEST((served.answer(asked, Milliseconds(2001)) == Where::NeedsWorker));
    served.router->set_file_cache_check(Milliseconds(0));
    BOOST_TEST((served.answer(asked) == Where::NeedsWorker));
}

BOOST_AUTO_TEST_CASE(a_forgotten_file_is_looked_up_again) {
    Served served;
    const Asked asked("/a.txt");
    served.run(asked);
    served.router->forget(asked.request);
    BOOST_TEST((served.answer(asked) == Where::NeedsWorker));
    served.absorb(nullptr);
}

BOOST_AUTO_TEST_CASE(files_have_two_methods_and_say_so) {
    Served served;
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
        BOOST_TEST((served.answer(Asked("/a.txt", "", method)) == Where::Answered));
        BOOST_TEST(served.response.status == 405);
        BOOST_TEST(line_value(served.response, "Allow") == "GET, HEAD, OPTIONS");
    }
    BOOST_TEST((served.answer(Asked("a:443", "", "CONNECT")) == Where::Answered));
    BOOST_TEST(served.response.status == 405);
    BOOST_TEST((served.answer(Asked("/a.txt", "", "BREW")) == Where::Answered));
    BOOST_TEST(served.response.status == 501);
    BOOST_TEST((served.answer(Asked("*", "", "OPTIONS")) == Where::Answered));
    BOOST_TEST(served.response.status == 200);
    BOOST_TEST(line_value(served.response, "Allow") == "GET, HEAD, OPTIONS");
}

BOOST_AUTO_TEST_CASE(every_request_can_be_run_by_a_worker) {  // ListenerAnswers Off
    Served served;
    served.run(Asked("/a.txt", "", "POST"));
    BOOST_TEST(served.response.status == 405);
    served.run(Asked("/a.txt", "", "HEAD"));
    BOOST_TEST(served.response.declared_length.value() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(test_handlers)

BOOST_AUTO_TEST_CASE(are_files_like_any_other_unless_enabled) {
    Served served;
    served.run(Asked("/mpmd-test/status?418"));
    BOOST_TEST(served.response.status == 404);
}

BOOST_AUTO_TEST_CASE(always_run_on_workers) {
    Served served(true);
    const Asked asked("/mpmd-test/status?200");
    served.run(asked);
    BOOST_TEST((served.answer(asked) == Where::NeedsWorker));
}

BOOST_AUTO_TEST_CASE(answer_with_the_status_asked_for) {
    Served served(true);
    served.run(Asked("/mpmd-test/status?200"));
    BOOST_TEST(memory_of(served.response) == "status 200\n");
    served.run(Asked("/mpmd-test/status?503"));
    BOOST_TEST(served.response.status == 503);
    served.run(Asked("/mpmd-test/status?204"));
    BOOST_TEST(served.response.status == 204);
    BOOST_TEST(served.response.body_length().value() == 0u);
    for (const char* bad :
         {"status", "status?99", "status?600", "status?x", "sleep?-1", "sleep?x", "sleep", "bytes?",
          "bytes?-1", "stream?5&rat=2", "stream?x", "crash?HUP"}) {
        served.run(Asked(std::string("/mpmd-test/") + bad));
        BOOST_TEST_CONTEXT(bad) BOOST_TEST(served.response.status == 400);
    }
    served.run(Asked("/mpmd-test/other"));
    BOOST_TEST(served.response.status == 404);
}

BOOST_AUTO_TEST_CASE(sleep_as_long_as_asked_and_not_less) {
    Served served(true);
    const MonoTime before = mpmd::os::mono_now();
    served.run(Asked("/mpmd-test/sleep?0.05"));
    BOOST_TEST((mpmd::os::mono_now() - before >= Milliseconds(50)));
    BOOST_TEST(served.response.status == 200);
}

BOOST_AUTO_TEST_CASE(make_exactly_the_bytes_asked_for) {
    Served served(true);
    for (const char* path : {"/mpmd-test/bytes?100000", "/mpmd-test/stream?100000"}) {
        served.run(Asked(path));
        auto& source = *std::get<std::unique_ptr<http::BodySource>>(served.response.body);
        std::string all;
        char piece[1000];
        for (std::size_t n = source.read(piece); n > 0; n = source.read(piece))
            all.append(piece, n);
        BOOST_TEST(all.size() == 100000u);
        BOOST_TEST(all.substr(64, 4) == "0123");
    }
    served.run(Asked("/mpmd-test/bytes?7"));
    BOOST_TEST(served.response.body_length().value() == 7u);
    served.run(Asked("/mpmd-test/stream?7"));
    BOOST_TEST(!served.response.body_length().has_value());
}

BOOST_AUTO_TEST_CASE(stream_no_faster_than_asked) {
    Served served(true);
    const MonoTime before = mpmd::os::mono_now();
    served.run(Asked("/mpmd-test/stream?100&rate=1000"));
    auto& source = *std::get<std::unique_ptr<http::BodySource>>(served.response.body);
    char piece[1000];
    std::size_t all = 0;
    for (std::size_t n = source.read(piece); n > 0; n = source.read(piece))
        all += n;
    BOOST_TEST(all == 100u);
    BOOST_TEST((mpmd::os::mono_now() - before >= Milliseconds(99)));
}

BOOST_AUTO_TEST_SUITE_END()

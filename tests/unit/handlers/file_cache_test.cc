#include "daemon/handlers/file_cache.h"

#include <fcntl.h>

#include <boost/test/unit_test.hpp>

namespace handlers = mpmd::handlers;
using handlers::FileCache;
using mpmd::Milliseconds;
using mpmd::MonoTime;

namespace {

constexpr Milliseconds kCheck{1000};
const MonoTime kStart = mpmd::from_ns(1'000'000'000'000);

handlers::FileEntryPtr entry(std::string bytes = "x") {
    auto made = std::make_shared<handlers::FileEntry>();
    made->status = 200;
    made->bytes = std::move(bytes);
    return made;
}

handlers::FileEntryPtr with_descriptor() {
    auto made = std::make_shared<handlers::FileEntry>();
    made->status = 200;
    made->file = mpmd::os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_cache)

BOOST_AUTO_TEST_CASE(
    answers_for_a_second_then_has_one_worker_look_again_and_never_answers_after_two) {
    FileCache cache({}, kCheck);
    cache.put("/a", entry(), kStart);

    BOOST_TEST((cache.find("/a", kStart + Milliseconds(999)).entry != nullptr));
    BOOST_TEST(!cache.find("/a", kStart + Milliseconds(999)).recheck);
    BOOST_TEST(cache.find("/a", kStart + Milliseconds(1000)).recheck);
    BOOST_TEST(!cache.find("/a", kStart + Milliseconds(1500)).recheck);
    BOOST_TEST((cache.find("/a", kStart + Milliseconds(1999)).entry != nullptr));
    BOOST_TEST((cache.find("/a", kStart + Milliseconds(2000)).entry == nullptr));

    cache.put("/a", entry(), kStart + Milliseconds(1990));
    BOOST_TEST((cache.find("/a", kStart + Milliseconds(2000)).entry != nullptr));
    BOOST_TEST(cache.find("/a", kStart + Milliseconds(2990)).recheck);
}

BOOST_AUTO_TEST_CASE(the_later_look_counts_whoever_comes_first) {
    FileCache cache({}, kCheck);
    const auto late = entry("late");
    cache.put("/a", late, kStart + Milliseconds(10));
    cache.put("/a", entry("early"), kStart);
    BOOST_TEST((*cache.find("/a", kStart).entry == late));
}

BOOST_AUTO_TEST_CASE(a_check_of_zero_remembers_nothing) {
    FileCache cache({}, Milliseconds(0));
    cache.put("/a", entry(), kStart);
    BOOST_TEST((cache.find("/a", kStart).entry == nullptr));
    BOOST_TEST(cache.counts().entries == 0u);
}

BOOST_AUTO_TEST_CASE(a_shorter_check_counts_at_once) {
    FileCache cache({}, kCheck);
    cache.put("/a", entry(), kStart);
    cache.set_check(Milliseconds(100));
    BOOST_TEST((cache.find("/a", kStart + Milliseconds(250)).entry == nullptr));
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_outlives_a_flood_of_names) {
    FileCache cache({.entries = 10, .bytes = 1 << 20, .descriptors = 10}, kCheck);
    cache.put("/wanted", entry(), kStart);
    for (int i = 0; i < 1000; ++i) {
        BOOST_REQUIRE((cache.find("/wanted", kStart).entry != nullptr));
        cache.put("/flood" + std::to_string(i), entry(), kStart);
        BOOST_REQUIRE(cache.counts().entries <= 10u);
    }
    BOOST_TEST(cache.counts().evicted == 991u);
}

BOOST_AUTO_TEST_CASE(bytes_and_descriptors_are_bounded_too) {
    FileCache bytes({.entries = 1000, .bytes = 20000, .descriptors = 10}, kCheck);
    for (int i = 0; i < 100; ++i)
        bytes.put("/" + std::to_string(i), entry(std::string(4000, 'x')), kStart);
    BOOST_TEST(bytes.counts().bytes <= 20000u);
    BOOST_TEST(bytes.counts().entries >= 3u);

    FileCache descriptors({.entries = 1000, .bytes = 1 << 20, .descriptors = 3}, kCheck);
    for (int i = 0; i < 10; ++i)
        descriptors.put("/" + std::to_string(i), with_descriptor(), kStart);
    BOOST_TEST(descriptors.counts().descriptors == 3u);
}

BOOST_AUTO_TEST_CASE(nothing_is_counted_for_what_is_gone) {
    FileCache cache({.entries = 2, .bytes = 1 << 20, .descriptors = 2}, kCheck);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i)
            cache.put("/" + std::to_string(i), with_descriptor(), kStart + Milliseconds(round));
    }
    for (int i = 0; i < 4; ++i)
        cache.forget("/" + std::to_string(i));
    cache.forget("/never");
    BOOST_TEST(cache.counts().entries == 0u);
    BOOST_TEST(cache.counts().bytes == 0u);
    BOOST_TEST(cache.counts().descriptors == 0u);
}

BOOST_AUTO_TEST_CASE(an_entry_larger_than_all_room_does_not_stay) {
    FileCache cache({.entries = 10, .bytes = 100, .descriptors = 1}, kCheck);
    cache.put("/a", entry(), kStart);
    BOOST_TEST(cache.counts().entries == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

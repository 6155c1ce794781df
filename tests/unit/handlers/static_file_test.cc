#include "daemon/handlers/static_file.h"

#include <atomic>
#include <filesystem>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/handlers/page_cache.h"
#include "daemon/os/clock.h"
#include "tests/support/skip.h"
#include "tests/support/temp_dir.h"

namespace handlers = mpmd::handlers;
namespace fs = std::filesystem;
using mpmd::test::TempDir;

namespace {

struct Site {
    TempDir dir;
    std::string root = dir / "site";
    handlers::StaticFiles files{root, {"index.html", "index.htm"}, handlers::MimeTypes{}};

    Site() {
        dir.write("site/a.txt", "hello");
        dir.write("secret.txt", "secret");
    }
    [[nodiscard]] handlers::Learned look(const std::string& path) const {
        return files.look(path, nullptr);
    }
    [[nodiscard]] int status(const std::string& path) const { return look(path).entry->status; }
};

// Long enough ago that equal times mean equal content.
void age(const std::string& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(static_file)

BOOST_AUTO_TEST_CASE(a_small_file_is_read_into_memory) {
    const Site site;
    const auto learned = site.look("/a.txt");
    BOOST_TEST(learned.entry->status == 200);
    BOOST_TEST(learned.entry->bytes == "hello");
    BOOST_TEST(learned.key == "/a.txt");
    BOOST_TEST(learned.lasting);
    BOOST_TEST(learned.entry->lines.find("Content-Type: text/plain\r\n") != std::string::npos);
    BOOST_TEST(learned.entry->lines.find("ETag: " + learned.entry->etag + "\r\n") !=
               std::string::npos);
    BOOST_TEST(!learned.entry->file);
}

BOOST_AUTO_TEST_CASE(a_big_file_keeps_its_descriptor) {
    const Site site;
    site.dir.write("site/big.bin", std::string(handlers::kMaxInMemory + 1, 'x'));
    site.dir.write("site/edge.bin", std::string(handlers::kMaxInMemory, 'x'));
    BOOST_TEST(static_cast<bool>(site.look("/big.bin").entry->file));
    BOOST_TEST(site.look("/big.bin").entry->identity.size == handlers::kMaxInMemory + 1);
    BOOST_TEST(site.look("/edge.bin").entry->bytes.size() == handlers::kMaxInMemory);
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_a_file) {
    const Site site;
    site.dir.write("site/empty", "");
    BOOST_TEST(site.status("/empty") == 200);
    BOOST_TEST(site.look("/empty").entry->bytes.empty());
}

BOOST_AUTO_TEST_CASE(names_are_decoded_before_they_are_opened) {
    const Site site;
    site.dir.write("site/a b%.txt", "x");
    BOOST_TEST(site.status("/a%20b%25.txt") == 200);
    BOOST_TEST(site.status("/./x/../a.txt") == 200);
    BOOST_TEST(site.status("//a.txt") == 200);
    BOOST_TEST(site.status("/a%2etxt") == 200);
    BOOST_TEST(site.status("/a.txt%00.html") == 400);
    BOOST_TEST(site.status("/%2fa.txt") == 404);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_404) {
    const Site site;
    BOOST_TEST(site.status("/missing") == 404);
    BOOST_TEST(site.status("/a.txt/") == 404);
    BOOST_TEST(site.status("/a.txt/more") == 404);
    BOOST_TEST(site.look("/missing").lasting);
    const handlers::StaticFiles nowhere(site.dir / "nowhere", {}, handlers::MimeTypes{});
    BOOST_TEST(nowhere.look("/a.txt", nullptr).entry->status == 404);
}

BOOST_AUTO_TEST_CASE(directories_redirect_to_their_slash_and_have_an_index_or_nothing_to_show) {
    const Site site;
    fs::create_directories(site.root + "/empty dir");
    fs::create_directories(site.root + "/odd/index.html");  // a directory is no index
    site.dir.write("site/odd/index.htm", "second choice");
    site.dir.write("site/full/index.html", "welcome");
    BOOST_TEST(site.status("/full") == 301);
    BOOST_TEST(site.look("/full").entry->location == "/full/");
    BOOST_TEST(site.look("//full").entry->location == "/full/");
    BOOST_TEST(site.look("/empty%20dir").entry->location == "/empty%20dir/");
    BOOST_TEST(site.look("/full/").entry->bytes == "welcome");
    BOOST_TEST(site.look("/full/").entry->lines.find("text/html") != std::string::npos);
    BOOST_TEST(site.look("/odd/").entry->bytes == "second choice");
    BOOST_TEST(site.status("/empty%20dir/") == 403);
    BOOST_TEST(site.status("/") == 403);
    BOOST_TEST(site.status("/none/") == 404);
}

BOOST_AUTO_TEST_CASE(links_inside_the_site_are_followed_and_none_leads_out) {
    const Site site;
    fs::create_directories(site.root + "/sub");
    fs::create_symlink("../a.txt", site.root + "/sub/inside");
    fs::create_symlink("../../secret.txt", site.root + "/sub/outside");
    fs::create_symlink(site.dir / "secret.txt", site.root + "/absolute");
    fs::create_symlink("..", site.root + "/up");
    fs::create_symlink("loop", site.root + "/loop");
    fs::create_symlink("/proc/self/root", site.root + "/magic");
    BOOST_TEST(site.look("/sub/inside").entry->bytes == "hello");
    BOOST_TEST(site.status("/sub/outside") == 403);
    BOOST_TEST(site.status("/absolute") == 403);
    BOOST_TEST(site.status("/up/secret.txt") == 403);
    BOOST_TEST(site.status("/up/") == 403);
    BOOST_TEST(site.status("/loop") == 403);
    BOOST_TEST(site.status("/magic/etc/passwd") == 403);
}

BOOST_AUTO_TEST_CASE(only_regular_files_are_served_and_no_fifo_is_waited_for) {
    const Site site;
    BOOST_REQUIRE(::mkfifo((site.root + "/fifo").c_str(), 0600) == 0);
    BOOST_TEST(site.status("/fifo") == 403);
}

BOOST_AUTO_TEST_CASE(httpd_private_names_are_forbidden) {
    const Site site;
    site.dir.write("site/.htpasswd", "x");
    site.dir.write("site/.well-known/y", "y");
    BOOST_TEST(site.status("/.htpasswd") == 403);
    BOOST_TEST(site.status("/%2ehtpasswd") == 403);
    BOOST_TEST(site.status("/.well-known/y") == 200);
}

BOOST_AUTO_TEST_CASE(unreadable_files_are_forbidden) {
    if (::geteuid() == 0) mpmd::test::skip("root reads everything");
    const Site site;
    site.dir.write("site/closed", "x");
    fs::permissions(site.root + "/closed", fs::perms::none);
    site.dir.write("site/passable/index.html", "x");
    fs::permissions(site.root + "/passable", fs::perms::owner_exec);
    BOOST_TEST(site.status("/closed") == 403);
    BOOST_TEST(site.status("/passable") == 301);
    BOOST_TEST(site.status("/passable/") == 200);
    fs::permissions(site.root + "/passable", fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(an_unchanged_file_keeps_its_entry_and_a_changed_one_gets_another) {
    const Site site;
    auto old = std::make_shared<handlers::FileEntry>();
    const auto first = site.look("/a.txt").entry;
    old->status = 200;
    old->identity = first->identity;
    old->settled = true;
    BOOST_TEST((site.files.look("/a.txt", old).entry == old));
    old->settled = false;  // written just before it was read: equal times prove nothing
    BOOST_TEST((site.files.look("/a.txt", old).entry != old));
    old->settled = true;
    site.dir.write("site/a.txt", "hullo");
    age(site.root + "/a.txt");
    BOOST_TEST(site.files.look("/a.txt", old).entry->bytes == "hullo");
}

BOOST_AUTO_TEST_CASE(a_fresh_file_has_a_weak_tag_and_no_date_of_the_future) {
    const Site site;
    handlers::FileEntryPtr fresh;
    mpmd::MonoTime written;
    do {  // until nobody took the processor away between writing and looking
        written = mpmd::os::mono_now();
        site.dir.write("site/a.txt", "hello");
        fresh = site.look("/a.txt").entry;
    } while (mpmd::os::mono_now() - written > mpmd::Milliseconds(200));
    BOOST_TEST(fresh->etag.starts_with("W/\""));
    BOOST_TEST(!fresh->settled);
    fs::last_write_time(site.root + "/a.txt",
                        fs::file_time_type::clock::now() + std::chrono::hours(5));
    const std::int64_t modified = site.look("/a.txt").entry->modified;
    BOOST_TEST(modified <= mpmd::to_us(mpmd::os::wall_now()) / 1'000'000 + 1);
}

BOOST_AUTO_TEST_CASE(a_site_can_be_switched_by_renaming_its_root) {
    const Site site;
    site.dir.write("next/a.txt", "new release");
    fs::rename(site.root, site.dir / "old");
    fs::rename(site.dir / "next", site.root);
    BOOST_TEST(site.look("/a.txt").entry->bytes == "new release");
}

BOOST_AUTO_TEST_CASE(a_file_under_the_writers_hands_is_consistent_with_its_length) {
    const Site site;
    const std::string path = site.dir.write("site/hot", "x");
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (std::size_t n = 1; !stop; n = n % 9000 + 700) {
            std::ofstream file(path, std::ios::binary);
            file << std::string(n, static_cast<char>('a' + n % 26));
        }
    });
    for (int i = 0; i < 300; ++i) {
        const auto learned = site.look("/hot");
        BOOST_REQUIRE(learned.entry->status == 200);
        BOOST_REQUIRE(learned.entry->bytes.size() == learned.entry->identity.size);
        if (!learned.lasting) BOOST_REQUIRE(learned.entry->etag.empty());
    }
    stop = true;
    writer.join();
}

BOOST_AUTO_TEST_CASE(pages_of_a_file_just_written_are_present_and_a_cut_file_does_not_wait) {
    const Site site;
    const std::string path = site.dir.write("site/big", std::string(100000, 'x'));
    const auto entry = site.look("/big").entry;
    const mpmd::http::FileBody body{entry->file.get(), 0, 100000, &entry->resident_until_ns};
    const mpmd::MonoTime now = mpmd::os::mono_now();
    handlers::read_ahead(body, 0, body.length);
    BOOST_TEST(handlers::pages_present(body, 0, body.length, now));
    BOOST_TEST(entry->resident_until_ns.load() > mpmd::to_ns(now));
    BOOST_TEST(handlers::pages_present(body, 0, body.length, now + mpmd::Milliseconds(999)));
    BOOST_REQUIRE(::truncate(path.c_str(), 10) == 0);
    handlers::read_ahead(body, 0, body.length);
    BOOST_TEST(handlers::pages_present(body, 50000, 50000, now));
}

BOOST_AUTO_TEST_SUITE_END()

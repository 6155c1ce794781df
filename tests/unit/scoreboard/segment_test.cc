#include "daemon/scoreboard/segment.h"

#include <array>
#include <atomic>
#include <bit>
#include <csignal>
#include <cstddef>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/scoreboard/extent_allocator.h"

namespace mpmd::scoreboard {
namespace {

Segment make() {
    auto made = Segment::create(Header{});
    BOOST_REQUIRE(made.has_value());
    return std::move(*made);
}

// Runs `code` in a forked process and returns how it ended.
template <class Code>
int ending_of(Code code) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::signal(SIGSEGV, SIG_DFL);  // the test framework's handler would tell another story
        code();
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    return status;
}

}  // namespace

// P-18: whoever maps the block may do so anywhere, so there is no pointer in it. A bit_cast is a
// constant only of what has none.
template <class Row>
constexpr bool has_no_pointer() {
    static_cast<void>(std::bit_cast<std::array<std::byte, sizeof(Row)>>(Row{}));
    return true;
}
static_assert(has_no_pointer<Header>() && has_no_pointer<Global>() && has_no_pointer<ChildRow>() &&
              has_no_pointer<OperationRow>() && has_no_pointer<EventRow>() &&
              has_no_pointer<DecisionRow>() && has_no_pointer<CrashRow>() &&
              has_no_pointer<WorkerRow>() && has_no_pointer<ConnectionRow>());

BOOST_AUTO_TEST_SUITE(segment)

BOOST_AUTO_TEST_CASE(means_the_same_wherever_it_is_mapped) {  // P-18
    const Segment board = make();
    ChildRow row{};
    row.uid = 7;
    row.pid = 4711;
    board.child(3).write(row);
    board.child(5).write(row);
    auto one = Reader::open(board.reader_fd());
    auto other = Reader::open(board.reader_fd());
    BOOST_REQUIRE((one.has_value() && other.has_value()));
    BOOST_TEST(static_cast<const void*>(&one->view().header()) !=
               static_cast<const void*>(&other->view().header()));
    for (const Reader* reader : {&*one, &*other})
        for (const std::uint32_t at : {3U, 5U}) {
            ChildRow seen{};
            BOOST_TEST(reader->view().child(at).read(seen));
            BOOST_TEST(seen.pid == 4711U);
        }
}

BOOST_AUTO_TEST_CASE(a_reader_sees_what_the_supervisor_writes) {
    const Segment board = make();
    auto reader = Reader::open(board.reader_fd());
    BOOST_REQUIRE(reader.has_value());

    ChildRow row{};
    row.uid = 7;
    board.child(3).write(row);

    ChildRow seen{};
    BOOST_TEST(reader->view().child(3).read(seen));
    BOOST_TEST(seen.uid == 7U);
}

// P-17: no locks, and yet never half of one row and half of another.
BOOST_AUTO_TEST_CASE(a_reader_never_sees_a_torn_row) {
    Cell<ChildRow> cell{};
    std::atomic<bool> over = false;
    std::thread writer([&] {
        for (std::uint64_t turn = 1; !over; ++turn) {
            ChildRow row{};
            row.uid = row.revision = row.rss_bytes = turn;
            cell.write(row);
        }
    });
    std::uint64_t last = 0;
    for (int seen = 0; seen < 1000;) {
        ChildRow row{};
        if (!cell.read(row) || row.uid == last) continue;
        BOOST_TEST_REQUIRE(row.revision == row.uid);
        BOOST_TEST_REQUIRE(row.rss_bytes == row.uid);
        last = row.uid;
        ++seen;
    }
    over = true;
    writer.join();
}

BOOST_AUTO_TEST_CASE(nobody_can_map_the_board_for_writing_or_resize_it) {
    const Segment board = make();
    void* writable =
        ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, board.reader_fd(), 0);
    BOOST_TEST((writable == MAP_FAILED));
    BOOST_TEST(::ftruncate(board.reader_fd(), 0) < 0);
    void* readable = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, board.reader_fd(), 0);
    BOOST_REQUIRE((readable != MAP_FAILED));
    BOOST_TEST(::mprotect(readable, kPage, PROT_READ | PROT_WRITE) < 0);
    ::munmap(readable, kPage);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_board_is_refused) {
    auto fd = os::memory_file("other", kSegmentSize);
    BOOST_REQUIRE(fd.has_value());
    BOOST_TEST(!Reader::open(fd->get()).has_value());
    auto small = os::memory_file("small", kPage);
    BOOST_REQUIRE(small.has_value());
    BOOST_TEST(!Reader::open(small->get()).has_value());
}

BOOST_AUTO_TEST_CASE(a_child_writes_its_own_extent_and_the_parent_sees_it) {
    Segment board = make();
    const ExtentShape shape{4, 16};
    const int status = ending_of([&] {
        auto mine = std::move(board).become_child(kArenaOffset, shape);
        if (!mine) ::_exit(1);
        mine->extent.status().accepted.store(42);
    });
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    ChildRow row{};
    row.extent_offset = kArenaOffset;
    row.threads = 4;
    row.connection_rows = 16;
    BOOST_TEST(board.view().extent(row)->status().accepted.load() == 42U);
}

BOOST_AUTO_TEST_CASE(a_child_that_writes_outside_its_extent_dies_of_SIGSEGV) {
    Segment board = make();
    const ExtentShape shape{4, 16};
    // The neighbour's extent, at the address where the supervisor had it.
    auto& neighbour = const_cast<ChildStatus&>(
        ExtentView(reinterpret_cast<const std::byte*>(&board.view().header()) + kArenaOffset +
                       shape.bytes(),
                   shape)
            .status());
    auto& rows = board.child(0);
    for (const bool supervisors : {true, false}) {
        const int status = ending_of([&] {
            auto mine = std::move(board).become_child(kArenaOffset, shape);
            if (!mine) ::_exit(1);
            if (supervisors)
                rows.write(ChildRow{});
            else
                neighbour.accepted.store(1);
        });
        BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
    }
    // And through the mapping it is given to read.
    const int status = ending_of([&] {
        auto mine = std::move(board).become_child(kArenaOffset, shape);
        if (!mine) ::_exit(1);
        const_cast<Header&>(mine->view().header()).supervisor_pid = 1;
    });
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
}

BOOST_AUTO_TEST_CASE(a_child_row_that_points_outside_the_arena_shows_no_extent) {
    const Segment board = make();
    ChildRow row{};
    row.threads = 4;
    row.connection_rows = 16;
    for (const std::uint64_t offset :
         {std::uint64_t{0}, kChildrenOffset, kArenaOffset + 1, kSegmentSize, kSegmentSize - kPage,
          ~std::uint64_t{0} / kPage * kPage}) {
        row.extent_offset = offset;
        BOOST_TEST(!board.view().extent(row).has_value(), "offset " << offset);
    }
    row.extent_offset = kArenaOffset;
    row.threads = ~0U;
    row.connection_rows = ~0U;
    BOOST_TEST(!board.view().extent(row).has_value());
}

BOOST_AUTO_TEST_CASE(a_named_board_is_the_same_layout_in_a_file_that_only_we_write) {  // P-19
    const std::string path = "/tmp/mpmd-segment-test." + std::to_string(::getpid());
    {
        auto board = Segment::create(Header{}, path);
        BOOST_REQUIRE(board.has_value());
        const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        BOOST_TEST(Reader::open(file.get()).has_value());
        void* writable =
            ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, board->reader_fd(), 0);
        BOOST_TEST((writable == MAP_FAILED));
    }
    ::unlink(path.c_str());
}

// A full disk is an error when the room is asked for, no SIGBUS when somebody writes there.
BOOST_AUTO_TEST_CASE(a_named_board_has_its_room_on_disk_before_it_is_written) {
    const std::string path = "/tmp/mpmd-segment-room." + std::to_string(::getpid());
    auto board = Segment::create(Header{}, path);
    BOOST_REQUIRE(board.has_value());
    const auto bytes_on_disk = [&] {
        struct stat about {};
        BOOST_REQUIRE_EQUAL(::stat(path.c_str(), &about), 0);
        return static_cast<std::uint64_t>(about.st_blocks) * 512;
    };
    const std::uint64_t before = bytes_on_disk();
    BOOST_TEST(before >= kArenaOffset);
    BOOST_TEST(board->reserve(kArenaOffset + 100 * kPage, 50 * kPage).has_value());
    BOOST_TEST(bytes_on_disk() >= before + 50 * kPage);
    BOOST_TEST(!board->reserve(kArenaOffset, std::uint64_t{1} << 60U).has_value());
    ::unlink(path.c_str());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(extent_allocator)

BOOST_AUTO_TEST_CASE(gives_the_lowest_gap_that_fits) {
    ExtentAllocator pages(0, 10 * kPage);
    const auto a = pages.allocate(2 * kPage);
    const auto b = pages.allocate(3 * kPage);
    const auto c = pages.allocate(1);
    BOOST_TEST(a->offset == 0U);
    BOOST_TEST(b->offset == 2 * kPage);
    BOOST_TEST(c->offset == 5 * kPage);
    BOOST_TEST(!c->used_before);

    pages.release(b->offset, 3 * kPage);
    const auto again = pages.allocate(kPage);
    BOOST_TEST(again->offset == 2 * kPage);
    BOOST_TEST(again->used_before);
}

BOOST_AUTO_TEST_CASE(joins_neighbours_so_that_nothing_is_lost) {
    ExtentAllocator pages(0, 3 * kPage);
    for (const std::uint64_t first : {0U, 1U, 2U}) {
        for (std::uint64_t i = 0; i < 3; ++i)
            BOOST_REQUIRE(pages.allocate(kPage).has_value());
        BOOST_TEST(!pages.allocate(kPage).has_value());
        for (std::uint64_t i = 0; i < 3; ++i)
            pages.release((first + i) % 3 * kPage, kPage);
        const auto whole = pages.allocate(3 * kPage);
        BOOST_REQUIRE(whole.has_value());
        pages.release(whole->offset, 3 * kPage);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::scoreboard

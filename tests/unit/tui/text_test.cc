// What strangers sent cannot reach the terminal as anything but visible characters, and columns add
// up.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tui/canvas/canvas.h"
#include "tui/text/display.h"
#include "tui/text/human.h"
#include "tui/widgets/input.h"
#include "tui/widgets/table.h"

using namespace mpmd::tui;

namespace {

struct Hostile {
    const char* name;
    std::string bytes;
    std::string shown;
};
std::ostream& operator<<(std::ostream& out, const Hostile& sample) {
    return out << sample.name;
}
const Hostile kHostile[] = {
    {"plain", "GET /a?b=c%20d", "GET /a?b=c%20d"},
    {"escape sequence", "\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07"},
    {"line feed and tab", "a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
    {"delete", "\x7f", "\\x7f"},
    {"C1 control as UTF-8",
     "\xc2\x9b"
     "2J",
     "\\xc2\\x9b2J"},
    {"lone continuation", "a\x80z", "a\\x80z"},
    {"overlong slash", "\xc0\xaf", "\\xc0\\xaf"},
    {"overlong in three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"cut sequence", "ab\xe2\x82", "ab\\xe2\\x82"},
    {"right-to-left override",
     "a\xe2\x80\xae"
     "b",
     "a\\xe2\\x80\\xae"
     "b"},
    {"isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
    {"zero-width space", "a\xe2\x80\x8b", "a\\xe2\\x80\\x8b"},
    {"line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
    {"private use", "\xee\x80\x80", "\\xee\\x80\\x80"},
    {"byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
    {"umlaut", "\xc3\xa4", "\xc3\xa4"},
    {"combining mark with nothing before", "\xcc\x88x", "x"},
    {"NUL", std::string("a\0b", 3), "a\\x00b"},
};

struct Width {
    std::string bytes;
    int columns;
};
std::ostream& operator<<(std::ostream& out, const Width& sample) {
    return out << sample.bytes;
}
const Width kWidths[] = {
    {"abc", 3},
    {"\xc3\xa4", 1},
    {"a\xcc\x88", 1},
    {"\xe6\xbc\xa2\xe5\xad\x97", 4},
    {"\xf0\x9f\x98\x80", 2},
    {"\x1b", 4},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(display_text)

BOOST_DATA_TEST_CASE(hostile_bytes_are_shown_escaped,
                     boost::unit_test::data::make(kHostile),
                     sample) {
    BOOST_TEST(clean(sample.bytes) == sample.shown);
    BOOST_TEST(clean(clean(sample.bytes)) == sample.shown);
}

BOOST_DATA_TEST_CASE(columns_are_those_of_the_terminal,
                     boost::unit_test::data::make(kWidths),
                     sample) {
    BOOST_TEST(width(sample.bytes) == sample.columns);
}

BOOST_AUTO_TEST_CASE(no_sequence_of_two_bytes_leaves_a_control_character) {
    for (int high = 0; high < 256; ++high) {
        for (int low = 0; low < 256; ++low) {
            const std::string bytes{static_cast<char>(high), static_cast<char>(low)};
            for (const char c : clean(bytes)) {
                const auto byte = static_cast<unsigned char>(c);
                BOOST_REQUIRE(byte >= 0x20 && byte != 0x7f);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(marks_cannot_pile_up_on_a_character) {
    std::string zalgo = "a";
    for (int i = 0; i < 100; ++i)
        zalgo += "\xcc\x88";
    BOOST_TEST(clean(zalgo).size() == 1U + 2U * 2U);
}

BOOST_AUTO_TEST_CASE(text_is_cut_by_columns_and_says_so) {
    BOOST_TEST(cut("abcdef", 6) == "abcdef");
    BOOST_TEST(cut("abcdef", 4) == "abc~");
    BOOST_TEST(cut("\xe6\xbc\xa2\xe5\xad\x97\xe5\xad\x97", 4) == "\xe6\xbc\xa2~");
    BOOST_TEST(cut("abc", 0).empty());
    BOOST_TEST(pad("ab", 4) == "ab  ");
    BOOST_TEST(pad("ab", 4, true) == "  ab");
    BOOST_TEST(width(pad("\xe6\xbc\xa2\xe6\xbc\xa2", 4)) == 4);
}

BOOST_AUTO_TEST_CASE(numbers_for_people) {
    using namespace std::chrono_literals;
    BOOST_TEST(human_bytes(812) == "812");
    BOOST_TEST(human_bytes(4096) == "4.0K");
    BOOST_TEST(human_bytes(1023 * 1024) == "1023K");
    BOOST_TEST(human_bytes(1024 * 1024) == "1.0M");
    BOOST_TEST(human_bytes(88ULL << 20U) == "88M");
    BOOST_TEST(human_count(99'999) == "99999");
    BOOST_TEST(human_count(812'000) == "812k");
    BOOST_TEST(human_count(999'999) == "1.0M");
    BOOST_TEST(human_rate(0.04) == "0.0");
    BOOST_TEST(human_rate(3812.4) == "3812");
    BOOST_TEST(human_duration(400ms) == "0.4s");
    BOOST_TEST(human_duration(41s) == "41s");
    BOOST_TEST(human_duration(432s) == "7m12");
    BOOST_TEST(human_duration(4h + 12min) == "4h12");
    BOOST_TEST(human_duration(292h) == "12d04");
    BOOST_TEST(human_duration(-5s) == "0.0s");  // clocks of two machines
    BOOST_TEST(human_percent(187, 400) == "47%");
    BOOST_TEST(human_percent(1, 0) == "-");
    BOOST_TEST(human_percent(4, 10'000) == "0.04%");
    BOOST_TEST(human_permille(4) == "0.4%");
    BOOST_TEST(human_permille(730) == "73%");
    BOOST_TEST(human_latency_us(118'000) == "118ms");
    BOOST_TEST(clock_text(1'772'632'951, 3600) == "15:02:31");
    BOOST_TEST(clock_text(-1, 0) == "23:59:59");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(canvas_cells)

BOOST_AUTO_TEST_CASE(drawing_beyond_the_edge_is_cut) {
    Canvas canvas(4, 2, false);
    BOOST_TEST(canvas.put(2, 0, "abc") == 4);
    canvas.put(-1, 0, "x");
    canvas.put(0, 5, "x");
    canvas.box({-1, -1, 20, 20});
    canvas.put_right(1, 1, "long");
    Canvas nothing(0, 0, false);
    nothing.put(0, 0, "x");
    BOOST_TEST(nothing.text().empty());
}

BOOST_AUTO_TEST_CASE(wide_characters_are_never_halved) {
    Canvas canvas(5, 1, false);
    canvas.put(0, 0, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2");
    BOOST_TEST(canvas.row(0) == "\xe6\xbc\xa2\xe6\xbc\xa2");
    canvas.put(1, 0, "x");  // over the right half of the first
    BOOST_TEST(canvas.row(0) == " x\xe6\xbc\xa2");
    canvas.put(2, 0, "y");
    BOOST_TEST(canvas.row(0) == " xy");
}

BOOST_AUTO_TEST_CASE(an_ascii_canvas_holds_ascii_only) {
    Canvas canvas(20, 3, true);
    canvas.box({0, 0, 20, 3});
    canvas.put(1, 1, "\xc3\xa4 \xe6\xbc\xa2 \x1b");
    for (const char c : canvas.text())
        BOOST_TEST((c == '\n' || (c >= 0x20 && c < 0x7f)));
    BOOST_TEST(canvas.row(1) == "|? ?? \\x1b         |");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(input_line)

BOOST_AUTO_TEST_CASE(the_usual_keys_edit) {
    InputField field("state = runing");
    for (const Key key : {key::kLeft, key::kLeft, key::kLeft})
        field.press(key);
    field.press(U'n');
    BOOST_TEST(field.text() == "state = running");
    field.press(key::kHome);
    field.press(key::kDelete);
    BOOST_TEST(field.text() == "tate = running");
    field.press(key::kEnd);
    field.press(key::kBackspace);
    BOOST_TEST(field.text() == "tate = runnin");
    field.press(key::ctrl('W'));
    BOOST_TEST(field.text() == "tate = ");
    field.press(key::ctrl('U'));
    BOOST_TEST(field.text().empty());
    for (const Key key : {key::kBackspace, key::kDelete, key::kLeft, key::kRight})
        field.press(key);
    BOOST_TEST(field.text().empty());
}

BOOST_AUTO_TEST_CASE(controls_are_not_text_and_length_is_bounded) {
    InputField field("", 3);
    for (const Key key : std::u32string(U"a\x1b\x02"
                                        U"bcdef"))
        field.press(key);
    BOOST_TEST(field.text() == "abc");
    BOOST_TEST(!field.press(key::kEnter));
    BOOST_TEST(!field.press(key::kUp));
}

BOOST_AUTO_TEST_CASE(long_text_shows_the_part_around_the_cursor) {
    InputField field("0123456789");
    Canvas canvas(6, 1, false);
    field.draw(canvas, 0, 0, 6);
    BOOST_TEST(canvas.row(0) == "56789");
    BOOST_TEST(canvas.cursor_x() == 5);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tables)

BOOST_AUTO_TEST_CASE(columns_go_by_priority_when_room_is_short) {
    const Column columns[] = {
        {"A", 5, false, 0}, {"B", 5, false, 2}, {"C", 5, false, 1}, {"D", 5, false, 0, true}};
    const auto titles = [&columns](int width, int shift) {
        std::string out;
        for (const PlacedColumn& place : place_columns(columns, width, shift))
            out += columns[place.index].title;
        return out;
    };
    BOOST_TEST(titles(40, 0) == "ABCD");
    BOOST_TEST(titles(24, 0) == "ACD");
    BOOST_TEST(titles(18, 0) == "AD");
    BOOST_TEST(titles(40, 1) == "ACD");
    BOOST_TEST(place_columns(columns, 40, 0).back().width == 40 - 2 - 18);
}

BOOST_AUTO_TEST_CASE(the_window_follows_the_cursor) {
    ListView list;
    list.cursor = 30;
    list.settle(100, 10);
    BOOST_TEST(list.top == 21);
    list.cursor = 5;
    list.settle(100, 10);
    BOOST_TEST(list.top == 5);
    list.cursor = 500;
    list.settle(3, 10);
    BOOST_TEST(list.cursor == 2);
    BOOST_TEST(list.top == 0);
    list.settle(0, 10);
    BOOST_TEST(list.cursor == 0);
}

BOOST_AUTO_TEST_SUITE_END()

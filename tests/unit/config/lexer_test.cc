#include "daemon/config/lexer.h"

#include <boost/test/unit_test.hpp>

namespace {

using mpmd::config::JoinedLine;
using mpmd::config::Lines;
using mpmd::config::split_words;

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> out;
    const auto words = split_words(line);
    if (!words) return {"error: " + words.error().message};
    for (const auto& word : *words)
        out.push_back(word.text);
    return out;
}

using List = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(lexer)

BOOST_AUTO_TEST_CASE(blanks_separate_words) {
    BOOST_TEST(words_of("  Listen \t 80\t") == (List{"Listen", "80"}),
               boost::test_tools::per_element());
    BOOST_TEST(words_of(" \t ").empty());
}

BOOST_AUTO_TEST_CASE(quotes_keep_blanks_and_escapes_stand_for_themselves) {
    BOOST_TEST(
        words_of(R"(a "b c" 'd "e"' "f\"g\\h" "")") == (List{"a", "b c", "d \"e\"", "f\"g\\h", ""}),
        boost::test_tools::per_element());
    BOOST_TEST(words_of(R"(C:\path a"b)") == (List{R"(C:\path)", R"(a"b)"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_not_closed_is_found_where_it_opens) {
    const auto words = split_words("ErrorLog \"logs/x");
    BOOST_REQUIRE(!words.has_value());
    BOOST_TEST(words.error().offset == 9U);
    BOOST_TEST(!split_words("\"a\"b").has_value());
    BOOST_TEST(!split_words("\"a\\").has_value());
}

BOOST_AUTO_TEST_CASE(a_backslash_joins_lines_and_places_stay_right) {
    Lines lines("CustomLog \\\r\n  logs/a \\\n  x\nnext");
    const auto joined = lines.next();
    BOOST_REQUIRE(joined.has_value());
    BOOST_TEST(joined->text() == "CustomLog   logs/a   x");
    const auto place = joined->place(joined->text().find('x'));
    BOOST_TEST(place.line == 3);
    BOOST_TEST(place.column == 3);
    BOOST_TEST(place.source == "  x");
    const auto after = lines.next();
    BOOST_REQUIRE(after.has_value());
    BOOST_TEST(after->place(0).line == 4);
    BOOST_TEST(!lines.next().has_value());
}

BOOST_AUTO_TEST_CASE(columns_count_characters_not_bytes) {
    Lines lines("\"\xC3\xA4\xC3\xB6\" x");
    const auto line = lines.next();
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(line->place(line->text().find('x')).column == 6);
}

BOOST_AUTO_TEST_CASE(what_join_writes_split_reads) {
    const List words{"plain", "two words", "", "quo\"te", "back\\slash x", "'single", "\"double"};
    BOOST_TEST(words_of(mpmd::config::join_words(words)) == words,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

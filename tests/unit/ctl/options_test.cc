#include "ctl/options.h"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "ctl/exit_code.h"

namespace ctl = mpmd::ctl;

namespace {

tl::expected<ctl::Invocation, ctl::Failure> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "mpmctl");
    return ctl::parse_command_line(static_cast<int>(words.size()), words.data());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(global_options_stand_before_or_after_the_command) {
    const auto before = parse({"-s", "/x.sock", "-o", "json", "status"});
    const auto after = parse({"status", "-s", "/x.sock", "-o", "json"});
    BOOST_REQUIRE(before);
    BOOST_REQUIRE(after);
    BOOST_TEST(before->options.address == "/x.sock");
    BOOST_TEST(after->options.address == "/x.sock");
    BOOST_TEST((after->options.format == ctl::Format::Json));
}

BOOST_AUTO_TEST_CASE(several_changes_and_their_flags_are_told_apart) {
    const auto invocation =
        parse({"set", "MinSpareThreads=60", "MaxSpareThreads=120", "--dry-run", "--reason", "x"});
    BOOST_REQUIRE(invocation);
    BOOST_TEST(invocation->arguments.words.size() == 2U);
    BOOST_TEST(invocation->arguments.has("--dry-run"));
    BOOST_TEST(!invocation->arguments.has("--save"));
    BOOST_TEST(invocation->arguments.value("--reason") == "x");
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_exit_2_and_names_the_word) {
    for (const auto& words : std::vector<std::vector<const char*>>{{"frobnicate"},
                                                                   {"set"},
                                                                   {"status", "extra"},
                                                                   {"-o", "xml", "status"},
                                                                   {"--timeout", "soon", "status"},
                                                                   {}}) {
        const auto invocation = parse(words);
        BOOST_REQUIRE(!invocation);
        BOOST_TEST(invocation.error().exit_code == ctl::kExitUsage);
    }
    BOOST_TEST(parse({"frobnicate"}).error().message.find("frobnicate") != std::string::npos);
    BOOST_TEST(parse({"-o", "xml", "status"}).error().message.find("xml") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_empty_is_none) {  // mpmctl -s "$UNSET" restart --all
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"-s", "", "restart", "--all"},
                                               {"restart", "--all", "-s", ""},
                                               {"-i", "", "status"},
                                               {"-o", "", "status"},
                                               {"--timeout", "", "status"},
                                               {"restart", "--all", "--surge", ""},
                                               {"restart", "--all", "--drain-timeout", ""},
                                               {"set", "MinSpareThreads=1", "--if-rev", ""}}) {
        const auto invocation = parse(words);
        BOOST_REQUIRE_MESSAGE(!invocation, words[0] << " " << words[1]);
        BOOST_TEST(invocation.error().exit_code == ctl::kExitUsage);
        BOOST_TEST(invocation.error().message.find("empty") != std::string::npos,
                   invocation.error().message);
    }
    BOOST_TEST(parse({"restart", "--all", "--reason", ""}).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_command_cannot_do_is_refused_and_not_ignored) {
    const auto refused = [](std::vector<const char*> words) {
        const auto invocation = parse(std::move(words));
        return invocation ? std::string() : invocation.error().message;
    };
    BOOST_TEST(refused({"--color", "foo", "top"}).find("foo") != std::string::npos);
    BOOST_TEST(refused({"top", "--batch", "-o", "json"}).find("status") != std::string::npos);
    BOOST_TEST(refused({"status", "-o", "value"}).find("get") != std::string::npos);
    BOOST_TEST(refused({"get", "KeepAliveTimeout", "-o", "value", "--color", "never"}) == "");
}

BOOST_AUTO_TEST_CASE(help_fits_a_terminal_of_80_by_24) {
    std::vector<std::vector<const char*>> calls{{"--help"}};
    for (const ctl::Command& command : ctl::commands())
        calls.push_back({command.name, "--help"});
    for (const auto& call : calls) {
        const auto invocation = parse(call);
        BOOST_REQUIRE(invocation);
        BOOST_REQUIRE(invocation->text);
        const std::string& text = *invocation->text;
        BOOST_TEST(std::count(text.begin(), text.end(), '\n') <= 24);
        std::size_t start = 0;
        for (std::size_t end = text.find('\n'); end != std::string::npos;
             end = text.find('\n', start)) {
            BOOST_TEST(end - start <= 80U, text.substr(start, end - start));
            start = end + 1;
        }
    }
}

BOOST_AUTO_TEST_CASE(durations_take_the_units_of_the_configuration) {
    BOOST_TEST(ctl::parse_duration("500ms")->count() == 500);
    BOOST_TEST(ctl::parse_duration("3")->count() == 3000);
    BOOST_TEST(ctl::parse_duration("2m")->count() == 120'000);
    BOOST_TEST(!ctl::parse_duration("2 weeks"));
    BOOST_TEST(!ctl::parse_duration("-1s"));
}

BOOST_AUTO_TEST_SUITE_END()

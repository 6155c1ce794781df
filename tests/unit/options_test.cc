#include "daemon/options.h"

#include <boost/test/unit_test.hpp>

#include "daemon/base/build_facts.h"

namespace {

mpmd::Result<mpmd::Options> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "mpmd");
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    return mpmd::parse_options(static_cast<int>(words.size()), argv.data());
}

using Mode = mpmd::Options::Mode;

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(without_options_the_server_starts_from_the_usual_file) {
    const auto options = parse({});
    BOOST_REQUIRE(options.has_value());
    BOOST_TEST((options->mode == Mode::Serve));
    BOOST_TEST(options->file == "/etc/mpmd/mpmd.conf");
    BOOST_TEST(!options->verb.has_value());
}

BOOST_AUTO_TEST_CASE(all_options_of_the_contract_are_taken) {
    const auto options =
        parse({"-f", "x.conf", "--foreground", "-D", "A", "-DB", "-k", "graceful-stop"});
    BOOST_REQUIRE(options.has_value());
    BOOST_TEST(options->file == "x.conf");
    BOOST_TEST(options->foreground);
    BOOST_TEST(options->defines == (std::vector<std::string>{"A", "B"}),
               boost::test_tools::per_element());
    BOOST_TEST((options->verb == mpmd::ControlVerb::GracefulStop));
    BOOST_TEST(!options->debug);
    BOOST_TEST(parse({"-X"})->debug);
    BOOST_TEST((parse({"-t"})->mode == Mode::ConfigTest));
    BOOST_TEST((parse({"-V"})->mode == Mode::Version));
    BOOST_TEST((parse({"--help"})->mode == Mode::Help));
}

BOOST_AUTO_TEST_CASE(the_version_says_what_this_build_is) {
    const std::string text = mpmd::version_text();
    const std::string platform(mpmd::build::platform());
    const std::string built(mpmd::build::date());
    BOOST_TEST(!platform.empty());
    BOOST_TEST(built.ends_with(" UTC"));
    for (const std::string& part :
         {"Server version: mpmd/" MPMD_VERSION " (" + platform + ")\n",
          "Server built:   " + built + "\n", std::string("Server MPM:     " MPMD_DEFAULT_MPM " "),
          std::string("SERVER_CONFIG_FILE=\"/etc/mpmd/mpmd.conf\"\n")})
        BOOST_TEST((text.find(part) != std::string::npos), part << " in " << text);
}

BOOST_AUTO_TEST_CASE(explain_is_a_test_too) {
    BOOST_TEST((parse({"--explain"})->mode == Mode::ConfigTest));
    BOOST_TEST(parse({"-t", "--explain"})->explain);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_names_the_offender) {
    BOOST_TEST(parse({"-f"}).error().message == "-f needs an argument");
    BOOST_TEST(parse({"-z"}).error().message == "unknown option -z");
    BOOST_TEST(parse({"--zork"}).error().message == "unknown option --zork");
    BOOST_TEST(parse({"start"}).error().message == "unexpected argument \"start\"");
    BOOST_TEST(!parse({"-k", "halt"}).has_value());
    BOOST_TEST(!parse({"--foreground=yes"}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

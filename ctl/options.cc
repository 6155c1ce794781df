#include "ctl/options.h"

#include <charconv>
#include <deque>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace mpmd::ctl {
namespace {

constexpr const char* kFooter =
    "Output: -o table (default), wide, json; get also -o value. Exit codes: 0 done, 1 failed, 2 "
    "usage,\n"
    "3 unreachable, 4 permission, 5 precondition, 6 rejected, 7 reverted, 8 not found, 9 not "
    "supported,\n"
    "70 bug, 75 still running. Manual: mpmctl(1), mpmctl-top(1), mpmctl-filters(7).";

// What CLI11 writes into while it parses one flag of one command.
struct FlagSlot {
    const Flag* flag;
    bool given = false;
    std::string value;
};

struct CommandSlot {
    const Command* command;
    CLI::App* app;
    std::vector<std::string> words;
    std::deque<FlagSlot> flags;
};

struct Parser {
    CLI::App app{"See and steer mpmd: live connection states, limits, graceful restarts.",
                 "mpmctl"};
    Invocation result;
    std::string format = "table";
    std::string timeout;
    bool version = false;
    std::deque<CommandSlot> slots;
};

void add_global_options(Parser& parser) {
    GlobalOptions& options = parser.result.options;
    parser.app.add_option("-s,--server", options.address, "control socket: PATH or unix:PATH")
        ->type_name("ADDR");
    parser.app.add_option("-i,--instance", options.instance, "instance below the run directory")
        ->type_name("NAME");
    parser.app.add_option("-o,--output", parser.format, "table, wide, json, value")
        ->type_name("FORMAT");
    parser.app.add_option("--timeout", parser.timeout, "longest wait for an answer (default 5s)")
        ->type_name("D");
    parser.app.add_flag("--yes", options.yes, "do not ask");
    parser.app.add_option("--color", options.color, "auto, always, never")->type_name("WHEN");
    parser.app.add_flag("--ascii", options.ascii, "draw with ASCII only");
    parser.app.add_flag("--version", parser.version, "print the version and exit");
    parser.app.footer(kFooter);
    parser.app.fallthrough();
}

void add_command(Parser& parser, const Command& command) {
    CommandSlot& slot = parser.slots.emplace_back();
    slot.command = &command;
    slot.app = parser.app.add_subcommand(command.name, command.summary);
    slot.app->fallthrough();
    for (const Flag& flag : command.flags) {
        FlagSlot& target = slot.flags.emplace_back(FlagSlot{&flag, false, {}});
        if (*flag.value_name == '\0')
            slot.app->add_flag(flag.name, target.given, flag.help);
        else
            slot.app->add_option(flag.name, target.value, flag.help)->type_name(flag.value_name);
    }
    if (command.max_words > 0)
        slot.app->add_option("words", slot.words, command.arguments)->type_name(command.arguments);
}

tl::expected<Invocation, Failure> finish(Parser& parser) {
    Invocation& result = parser.result;
    if (parser.version) {
        result.text = fmt::format("mpmctl {}\n", MPMD_VERSION);
        return std::move(result);
    }
    if (parser.format == "table")
        result.options.format = Format::Table;
    else if (parser.format == "wide")
        result.options.format = Format::Wide;
    else if (parser.format == "json")
        result.options.format = Format::Json;
    else if (parser.format == "value")
        result.options.format = Format::Value;
    else
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("-o takes table, wide, json or value, not '{}'", parser.format)));
    if (!parser.timeout.empty()) {
        const auto timeout = parse_duration(parser.timeout);
        if (!timeout || timeout->count() <= 0)
            return tl::unexpected<Failure>(usage_failure(fmt::format(
                "--timeout takes a duration such as 500ms, 5s or 2m, not '{}'", parser.timeout)));
        result.options.timeout = *timeout;
        result.options.timeout_given = true;
    }
    for (CommandSlot& slot : parser.slots) {
        if (!slot.app->parsed()) continue;
        result.command = slot.command;
        result.arguments.words = slot.words;
        for (const FlagSlot& flag : slot.flags) {
            if (flag.given || !flag.value.empty()) result.arguments.flags.insert(flag.flag->name);
            if (!flag.value.empty()) result.arguments.values[flag.flag->name] = flag.value;
        }
    }
    if (result.command == nullptr) {
        return tl::unexpected<Failure>(
            usage_failure("a command is missing; mpmctl --help lists them"));
    }
    if (result.arguments.words.size() < result.command->min_words ||
        result.arguments.words.size() > result.command->max_words)
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("usage: mpmctl {} {}", result.command->name, result.command->arguments)));
    return std::move(result);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || number > 1'000'000'000) return std::nullopt;
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    const auto count = static_cast<std::int64_t>(number);
    if (unit == "ms") return std::chrono::milliseconds(count);
    if (unit.empty() || unit == "s") return std::chrono::seconds(count);
    if (unit == "m" || unit == "min") return std::chrono::minutes(count);
    if (unit == "h") return std::chrono::hours(count);
    return std::nullopt;
}

tl::expected<Invocation, Failure> parse_command_line(int argc, const char* const* argv) {
    Parser parser;
    add_global_options(parser);
    for (const Command& command : commands())
        add_command(parser, command);
    parser.app.require_subcommand(0, 1);
    try {
        parser.app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = parser.app.get_subcommands();
        parser.result.text = chosen.empty() ? parser.app.help() : chosen.front()->help();
        return std::move(parser.result);
    } catch (const CLI::ParseError& error) {
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("{}; mpmctl --help lists commands and options", error.what())));
    }
    return finish(parser);
}

}  // namespace mpmd::ctl

#include "ctl/options.h"

#include <charconv>
#include <deque>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace mpmd::ctl {
namespace {

constexpr const char* kOptionsHelp =
    "  -s ADDR       control socket: [unix:]PATH     -i NAME      instance by name\n"
    "  -o FORMAT     table, wide, json, value        --timeout D  longest wait (5s)\n"
    "  --yes         do not ask                      --version    print the version\n"
    "  --color WHEN  auto, always, never             --ascii      plain ASCII lines\n";
constexpr const char* kExitHelp =
    "Exit: 0 done 1 failed 2 usage 3 unreachable 4 permission 5 precondition\n"
    "6 rejected 7 reverted 8 not found 9 not supported 70 bug 75 still running\n";

std::string usage_line(const Command& command) {
    const std::string words =
        *command.arguments == '\0' ? "" : fmt::format(" {}", command.arguments);
    return fmt::format("mpmctl {}{}{}", command.name, words,
                       command.flags.empty() ? "" : " [OPTION...]");
}

std::string general_help() {
    std::string out = "usage: mpmctl [OPTION...] COMMAND      mpmctl COMMAND --help for more\n\n";
    for (const Command& command : commands())
        out += fmt::format("  {:<10} {}\n", command.name, command.summary);
    return out + "\n" + kOptionsHelp + kExitHelp;
}

std::string command_help(const Command& command) {
    std::string out = fmt::format("usage: {}\n{}\n", usage_line(command), command.summary);
    if (!command.flags.empty()) out += "\n";
    for (const Flag& flag : command.flags)
        out += fmt::format("  {:<22} {}\n", fmt::format("{} {}", flag.name, flag.value_name),
                           flag.help);
    return out + "\nFor every command:\n" + kOptionsHelp;
}

// What CLI11 writes into while it parses one flag of one command.
struct FlagSlot {
    const Flag* flag;
    const CLI::Option* option = nullptr;
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
    parser.app.fallthrough();
}

void add_command(Parser& parser, const Command& command) {
    CommandSlot& slot = parser.slots.emplace_back();
    slot.command = &command;
    slot.app = parser.app.add_subcommand(command.name, command.summary);
    slot.app->fallthrough();
    for (const Flag& flag : command.flags) {
        FlagSlot& target = slot.flags.emplace_back(FlagSlot{&flag, nullptr, false, {}});
        if (*flag.value_name == '\0')
            slot.app->add_flag(flag.name, target.given, flag.help);
        else
            target.option = slot.app->add_option(flag.name, target.value, flag.help)
                                ->type_name(flag.value_name);
    }
    if (command.max_words > 0)
        slot.app->add_option("words", slot.words, command.arguments)->type_name(command.arguments);
}

// The first argument that is no option: what the user took for a command.
std::string first_word(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i)
        if (argv[i][0] != '-' && (i == 1 || argv[i - 1][0] != '-')) return argv[i];
    return argc > 1 ? argv[argc - 1] : "";
}

std::optional<Format> format_of(std::string_view word) {
    if (word == "table") return Format::Table;
    if (word == "wide") return Format::Wide;
    if (word == "json") return Format::Json;
    if (word == "value") return Format::Value;
    return std::nullopt;
}

// A variable that is not set must not become "whoever is there" or "the default": what was given
// empty is refused. A reason may be empty.
std::optional<Failure> empty_value(const Parser& parser) {
    const auto refusal = [](const std::string& name) {
        return usage_failure(fmt::format("{} was given an empty value", name));
    };
    const GlobalOptions& options = parser.result.options;
    const std::pair<const char*, const std::string*> globals[] = {
        {"--server", &options.address}, {"--instance", &options.instance},
        {"--output", &parser.format},   {"--timeout", &parser.timeout},
        {"--color", &options.color},
    };
    for (const auto& [name, value] : globals)
        if (value->empty() && parser.app.count(name) > 0) return refusal(name);
    for (const CommandSlot& slot : parser.slots)
        for (const FlagSlot& flag : slot.flags)
            if (flag.option != nullptr && flag.option->count() > 0 && flag.value.empty() &&
                std::string_view(flag.flag->name) != "--reason")
                return refusal(flag.flag->name);
    return std::nullopt;
}

// What goes with what, among the options of every command.
std::optional<Failure> wrong_choice(const GlobalOptions& options, const Command& command) {
    const std::string_view name = command.name;
    if (options.color != "auto" && options.color != "always" && options.color != "never")
        return usage_failure(
            fmt::format("--color takes auto, always or never, not '{}'", options.color));
    if (options.format == Format::Value && name != "get")
        return usage_failure("-o value goes with get alone");
    if (options.format == Format::Json && name == "top")
        return usage_failure("top draws for people; for data: mpmctl -o json status, ps or conns");
    return std::nullopt;
}

tl::expected<Invocation, Failure> finish(Parser& parser) {
    Invocation& result = parser.result;
    if (parser.version) {
        result.text = fmt::format("mpmctl {}\n", MPMD_VERSION);
        return std::move(result);
    }
    if (auto failure = empty_value(parser)) return tl::unexpected<Failure>(std::move(*failure));
    const std::optional<Format> format = format_of(parser.format);
    if (!format)
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("-o takes table, wide, json or value, not '{}'", parser.format)));
    result.options.format = *format;
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
    if (auto failure = wrong_choice(result.options, *result.command))
        return tl::unexpected<Failure>(std::move(*failure));
    if (result.arguments.words.size() < result.command->min_words ||
        result.arguments.words.size() > result.command->max_words)
        return tl::unexpected<Failure>(
            usage_failure(fmt::format("usage: {}", usage_line(*result.command))));
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
        parser.result.text = general_help();
        for (const CommandSlot& slot : parser.slots)
            if (slot.app->parsed()) parser.result.text = command_help(*slot.command);
        return std::move(parser.result);
    } catch (const CLI::ExtrasError& error) {
        const bool no_command = parser.app.get_subcommands().empty();
        return tl::unexpected<Failure>(usage_failure(
            no_command ? fmt::format("unknown command: {}; mpmctl --help lists them",
                                     first_word(argc, argv))
                       : fmt::format("{}; see mpmctl {} --help", error.what(),
                                     parser.app.get_subcommands().front()->get_name())));
    } catch (const CLI::ParseError& error) {
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("{}; mpmctl --help lists commands and options", error.what())));
    }
    return finish(parser);
}

}  // namespace mpmd::ctl

#include "daemon/options.h"

#include <getopt.h>

#include <fmt/format.h>

#include "daemon/base/build_facts.h"
#include "daemon/config/directives.h"

namespace mpmd {
namespace {

constexpr int kForeground = 256;
constexpr int kExplain = 257;

constexpr option kLong[] = {
    {"foreground", no_argument, nullptr, kForeground},
    {"explain", no_argument, nullptr, kExplain},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

constexpr std::pair<std::string_view, ControlVerb> kVerbs[] = {
    {"start", ControlVerb::Start},
    {"stop", ControlVerb::Stop},
    {"restart", ControlVerb::Restart},
    {"graceful", ControlVerb::Graceful},
    {"graceful-stop", ControlVerb::GracefulStop},
};

Result<ControlVerb> parse_verb(std::string_view word) {
    for (const auto& [name, verb] : kVerbs) {
        if (name == word) return verb;
    }
    return fail(Error::text(
        fmt::format("-k takes start, stop, restart, graceful or graceful-stop, not \"{}\"", word)));
}

Result<void> take(Options& options, int letter, const char* argument) {
    switch (letter) {
        case 'f':
            options.file = argument;
            break;
        case 't':
            options.mode = Options::Mode::ConfigTest;
            break;
        case 'V':
            options.mode = Options::Mode::Version;
            break;
        case 'h':
            options.mode = Options::Mode::Help;
            break;
        case 'D':
            options.defines.emplace_back(argument);
            break;
        case 'k':
            options.verb = TRY(parse_verb(argument));
            break;
        case 'X':
            options.debug = true;
            break;
        case kForeground:
            options.foreground = true;
            break;
        case kExplain:
            options.explain = true;
            break;
        default:
            break;
    }
    return {};
}

// What getopt_long stumbled over, as the person wrote it.
std::string offender(char* const* argv) {
    const int letter = optopt;
    if (letter > 0 && letter < kForeground) return fmt::format("-{}", static_cast<char>(letter));
    return argv[optind - 1];
}

std::string_view fallback(std::string_view directive) {
    return config::find_directive(directive)->fallback;
}

}  // namespace

Result<Options> parse_options(int argc, char* const* argv) {
    Options options;
    optind = 0;  // 0, not 1: glibc forgets what an earlier call left
    opterr = 0;
    for (;;) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
        const int letter = getopt_long(argc, argv, "+:f:tD:Vk:hX", kLong, nullptr);
        if (letter == -1) break;
        if (letter == ':') {
            return fail(Error::text(fmt::format("{} needs an argument", offender(argv))));
        }
        if (letter == '?') {
            return fail(Error::text(fmt::format("unknown option {}", offender(argv))));
        }
        TRY_VOID(take(options, letter, optarg));
    }
    if (optind < argc) {
        return fail(Error::text(fmt::format("unexpected argument \"{}\"", argv[optind])));
    }
    if (options.explain && options.mode == Options::Mode::Serve) {
        options.mode = Options::Mode::ConfigTest;
    }
    return options;
}

std::string_view usage() {
    return "usage: mpmd [-f FILE] [--foreground | -X] [-t] [--explain] [-D NAME] [-V] [-k VERB]\n"
           "\n"
           "  -f FILE       configuration file (default /etc/mpmd/mpmd.conf)\n"
           "  -k VERB       start (default), stop, restart, graceful or graceful-stop\n"
           "  --foreground  stay attached: do not detach; warnings of the start go to the "
           "terminal\n"
           "  -X            debug: one process that is its own only child; TERM or INT ends it\n"
           "  -t            test the configuration and end\n"
           "  --explain     with -t: what was adjusted and why, and every value that is not its "
           "default\n"
           "  -D NAME       define NAME\n"
           "  -V            version\n"
           "  --help        this text\n";
}

std::string version_text() {
    return fmt::format(
        "Server version: mpmd/{} ({})\n"
        "Server built:   {}\n"
        "Server MPM:     {} (where the file does not choose)\n"
        "Architecture:   {}-bit {}\n"
        "Compiler:       {}\n"
        "Server compiled with\n"
        " -D SERVER_CONFIG_FILE=\"{}\"\n"
        " -D HTTPD_ROOT=\"{}\"\n"
        " -D DEFAULT_PIDLOG=\"{}\"\n"
        " -D DEFAULT_ERRORLOG=\"{}\"\n"
        " -D AP_TYPES_CONFIG_FILE=\"{}\"\n",
        MPMD_VERSION, build::platform(), build::date(), MPMD_DEFAULT_MPM, 8 * sizeof(void*),
        build::processor(), build::compiler(), Options{}.file, fallback("ServerRoot"),
        fallback("PidFile"), fallback("ErrorLog"), fallback("TypesConfig"));
}

}  // namespace mpmd

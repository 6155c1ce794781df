#include <array>

#include "ctl/command.h"

namespace mpmd::ctl {
namespace {

constexpr std::array kPsFlags{Flag{"--threads", "", "show what each thread does"}};
constexpr std::array kConnsFlags{
    Flag{"--sort", "FIELD", "order by a field; a leading - reverses (-age)"},
    Flag{"--limit", "N", "show at most N rows"},
};
constexpr std::array kBoardFlags{
    Flag{"--local", "", "read the scoreboard itself, without mpmd-control"},
    Flag{"--file", "PATH", "with --local: the file of ScoreBoardFile"},
};
constexpr std::array kCrashesFlags{Flag{"--stack", "", "also the return addresses"}};
constexpr std::array kDecisionsFlags{Flag{"-n", "N", "only the latest N"}};
constexpr std::array kGetFlags{
    Flag{"--all", "", "also directives that cannot be changed while running"}};
constexpr std::array kSetFlags{
    Flag{"--dry-run", "", "check and show the effect, change nothing"},
    Flag{"--save", "", "keep across a restart of mpmd (overrides.conf)"},
    Flag{"--until-restart", "", "forget when mpmd is restarted (the default)"},
    Flag{"--allow", "CLASS", "now (default) or rolling: may replace children"},
    Flag{"--if-rev", "N", "only if the revision is still N"},
    Flag{"--reason", "TEXT", "recorded in the audit"},
    Flag{"--no-wait", "", "do not wait for children that have to be replaced"},
};
constexpr std::array kRestartFlags{
    Flag{"--all", "", "every active child, one after another"},
    Flag{"--surge", "N", "successors at a time (default: a quarter)"},
    Flag{"--drain-timeout", "D", "close what is left after D (ChildDrainTimeout)"},
    Flag{"--dry-run", "", "say what would be replaced"},
    Flag{"--reason", "TEXT", "recorded in the audit"},
    Flag{"--wait", "UNTIL", "done (default), or ready: the new children serve"},
    Flag{"--no-wait", "", "print the operation and return at once"},
};
constexpr std::array kGracefulFlags{
    Flag{"--dry-run", "", "load and check the file, change nothing"},
    Flag{"--reason", "TEXT", "recorded in the audit"},
    Flag{"--wait", "UNTIL", "done (default), or ready: the new children serve"},
    Flag{"--no-wait", "", "print the operation and return at once"},
};
constexpr std::array kTopFlags{
    Flag{"--batch", "", "print frames as text instead of opening the console"},
    Flag{"-n", "N", "with --batch: stop after N frames"},
    Flag{"--interval", "D", "time between frames (default 1s)"},
};

constexpr std::array kCommands{
    Command{"status",
            "",
            "one-screen summary: what runs, how busy, what is short",
            0,
            0,
            {},
            run_status},
    Command{"top", "", "the console: overview, children, connections, live", 0, 0, kTopFlags,
            run_top},
    Command{"ps", "[CHILD...]", "children", 0, 1000, kPsFlags, run_ps},
    Command{"conns", "[FILTER]", "connections, also the parked ones", 0, 1000, kConnsFlags,
            run_conns},
    Command{"board", "", "one letter per thread", 0, 0, kBoardFlags, run_board},
    Command{"crashes", "", "how children died of a bug, with their request", 0, 0, kCrashesFlags,
            run_crashes},
    Command{"decisions", "", "why children were started and retired, and why not", 0, 0,
            kDecisionsFlags, run_decisions},
    Command{"get", "[DIRECTIVE...]", "values of directives", 0, 1000, kGetFlags, run_get},
    Command{"describe",
            "DIRECTIVE",
            "help, range and apply class of a directive",
            1,
            1,
            {},
            run_describe},
    Command{"set", "NAME=VALUE...", "change directives, all or nothing", 1, 32, kSetFlags, run_set},
    Command{"reset", "NAME...", "back to the value of the file or the default", 1, 32, kSetFlags,
            run_reset},
    Command{"restart", "[CHILD...]", "replace children, each successor ready first", 0, 1000,
            kRestartFlags, run_restart},
    Command{"graceful", "", "re-read the file, new generation, replace all children", 0, 0,
            kGracefulFlags, run_graceful},
    Command{"ops",
            "[list | show ID | watch ID | wait ID]",
            "operations and their outcome",
            0,
            2,
            {},
            run_ops},
};

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

}  // namespace mpmd::ctl

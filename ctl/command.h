#pragma once

// A command of mpmctl: one literal that the parser, --help, the manual test and completion all
// read, and the function that runs it. Asking (commands/) and showing (output/) are apart.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ctl/endpoint.h"
#include "ctl/failure.h"
#include "proto/client.h"

namespace mpmd::ctl {

enum class Format { Table, Wide, Json, Value };

struct GlobalOptions {
    std::string address;   // -s
    std::string instance;  // -i
    Format format = Format::Table;
    std::chrono::milliseconds timeout{5000};
    bool timeout_given = false;
    bool yes = false;
    std::string color = "auto";
    bool ascii = false;
};

struct Arguments {
    std::vector<std::string> words;             // positional
    std::map<std::string, std::string> values;  // flags that take one: "--reason" -> text
    std::set<std::string> flags;                // flags that were given
    [[nodiscard]] bool has(const std::string& flag) const { return flags.count(flag) > 0; }
    [[nodiscard]] std::string value(const std::string& flag) const {
        const auto found = values.find(flag);
        return found == values.end() ? "" : found->second;
    }
};

// One invocation: whom we talk to and how we show. Prints data to stdout, talk to stderr.
class Session {
public:
    Session(GlobalOptions options, Endpoint endpoint);

    [[nodiscard]] const GlobalOptions& options() const { return options_; }
    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
    [[nodiscard]] api::ControlClient& api() { return client_; }
    [[nodiscard]] bool json() const { return options_.format == Format::Json; }
    [[nodiscard]] std::size_t width() const;  // of the terminal; 0 when stdout is none
    [[nodiscard]] static bool interactive();  // stdin and stdout are terminals

    void print(std::string_view text) const;
    void say(std::string_view text) const;  // stderr, with "mpmctl: " before it
    // Prints the failure in the format asked for and returns its exit code.
    [[nodiscard]] int refuse(const Failure& failure) const;
    [[nodiscard]] int refuse(const api::CallError& error) const;
    // On a terminal, unless --yes: asks and returns the answer. Off a terminal: true.
    [[nodiscard]] bool confirmed(const std::string& question) const;

private:
    GlobalOptions options_;
    Endpoint endpoint_;
    api::ControlClient client_;
};

struct Flag {
    const char* name;        // "--dry-run"
    const char* value_name;  // "" = takes none
    const char* help;
};

struct Command {
    const char* name;
    const char* arguments;  // "NAME=VALUE...", for the usage line; "" = none
    const char* summary;    // one line
    std::size_t min_words;
    std::size_t max_words;
    std::span<const Flag> flags;
    int (*run)(Session& session, const Arguments& arguments);
};

// All commands, in the order of --help.
[[nodiscard]] std::span<const Command> commands();

// commands/*.cc
int run_status(Session& session, const Arguments& arguments);
int run_ps(Session& session, const Arguments& arguments);
int run_conns(Session& session, const Arguments& arguments);
int run_board(Session& session, const Arguments& arguments);
int run_crashes(Session& session, const Arguments& arguments);
int run_decisions(Session& session, const Arguments& arguments);
int run_get(Session& session, const Arguments& arguments);
int run_describe(Session& session, const Arguments& arguments);
int run_set(Session& session, const Arguments& arguments);
int run_reset(Session& session, const Arguments& arguments);
int run_restart(Session& session, const Arguments& arguments);
int run_graceful(Session& session, const Arguments& arguments);
int run_ops(Session& session, const Arguments& arguments);
int run_top(Session& session, const Arguments& arguments);

// Shows an operation until it ends, or until the arguments say that enough is done, and says how it
// ended; also after control was replaced.
int follow_operation(Session& session,
                     const Arguments& arguments,
                     const api::v1::Operation& started);

// commands/board_local.cc: the same board without mpmd-control, from the scoreboard itself; its
// exit code.
int run_board_local(Session& session, const Arguments& arguments);

}  // namespace mpmd::ctl

#include <cstdio>
#include <iostream>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"

namespace mpmd::ctl {

Session::Session(GlobalOptions options, Endpoint endpoint)
    : options_(std::move(options)),
      endpoint_(std::move(endpoint)),
      client_(endpoint_.target(), options_.timeout) {}

std::size_t Session::width() const {
    winsize size{};
    if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return options_.format == Format::Wide ? 0 : size.ws_col;
}

bool Session::interactive() {
    return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

void Session::print(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void Session::say(std::string_view text) const {
    std::fprintf(stderr, "mpmctl: %.*s\n", static_cast<int>(text.size()), text.data());
}

int Session::refuse(const Failure& failure) const {
    if (json()) print(failure_json(failure));
    say(failure.message);
    return failure.exit_code;
}

int Session::refuse(const api::CallError& error) const {
    const Failure failure = to_failure(error);
    const bool silent = failure.exit_code == kExitUnreachable && failure.reason.empty();
    return refuse(silent ? explain_unreachable(endpoint_, failure) : failure);
}

bool Session::confirmed(const std::string& question) const {
    if (options_.yes || !interactive()) return true;
    std::fprintf(stderr, "%s [y/N] ", question.c_str());
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace mpmd::ctl

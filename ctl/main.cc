// mpmctl: asks the control plane and shows the answer.

#include <csignal>
#include <cstdio>
#include <cstring>

#include "ctl/command.h"
#include "ctl/endpoint.h"
#include "ctl/options.h"

namespace {

// -o json promises one document also when the command line itself is wrong.
bool asks_for_json(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "-ojson") == 0 || std::strcmp(argv[i], "--output=json") == 0)
            return true;
        const bool names_format =
            std::strcmp(argv[i], "-o") == 0 || std::strcmp(argv[i], "--output") == 0;
        if (names_format && i + 1 < argc && std::strcmp(argv[i + 1], "json") == 0) return true;
    }
    return false;
}

int refuse(const mpmd::ctl::Failure& failure, bool json) {
    if (json) std::fputs(mpmd::ctl::failure_json(failure).c_str(), stdout);
    std::fprintf(stderr, "mpmctl: %s\n", failure.message.c_str());
    return failure.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace mpmd::ctl;
    // A reader that closed its pipe ends us by EPIPE, not in the middle of a gRPC write.
    std::signal(SIGPIPE, SIG_IGN);
    const bool json = asks_for_json(argc, argv);
    auto invocation = parse_command_line(argc, argv);
    if (!invocation) return refuse(invocation.error(), json);
    if (invocation->text) {
        std::fputs(invocation->text->c_str(), stdout);
        return 0;
    }
    auto endpoint = find_endpoint(invocation->options.address, invocation->options.instance);
    // A scoreboard that was named needs no server to be found.
    const bool named = !invocation->arguments.value("--file").empty();
    if (!endpoint && !named) return refuse(endpoint.error(), json);
    Session session(invocation->options, endpoint.value_or(Endpoint{}));
    return invocation->command->run(session, invocation->arguments);
}

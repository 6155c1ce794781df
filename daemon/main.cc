// mpmd: composition root.

#include <cstdio>

#include <fmt/format.h>

#include "daemon/config_test.h"
#include "daemon/options.h"

int main(int argc, char** argv) {
    const auto options = mpmd::parse_options(argc, argv);
    if (!options) {
        fmt::print(stderr, "mpmd: {}\n{}", options.error().message, mpmd::usage());
        return 2;
    }
    switch (options->mode) {
        case mpmd::Options::Mode::Help:
            fmt::print("{}", mpmd::usage());
            return 0;
        case mpmd::Options::Mode::Version:
            fmt::print("{}", mpmd::version_text());
            return 0;
        case mpmd::Options::Mode::ConfigTest:
            return mpmd::config_test(*options);
        case mpmd::Options::Mode::Serve:
            break;
    }
    fmt::print(stderr, "mpmd: this build only tests configurations: mpmd -t -f {}\n",
               options->file);
    return 1;
}

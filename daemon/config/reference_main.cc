// mpmd-directives: prints the directive section of mpmd.conf(5). A tool of the build; not
// installed.

#include <cstdio>

#include "daemon/config/reference.h"

int main() {
    const std::string text = mpmd::config::directive_reference();
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}

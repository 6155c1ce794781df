// top: hands over to the console.

#include "ctl/command.h"
#include "ctl/exit_code.h"

namespace mpmd::ctl {

int run_top(Session& session, const Arguments&) {
    return session.refuse(usage_failure("console"));
}

}  // namespace mpmd::ctl

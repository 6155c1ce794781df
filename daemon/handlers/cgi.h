#pragma once

// CGI (RFC 3875): programs below a ScriptAlias directory, or at places with `SetHandler cgi-script`
// and `Options +ExecCGI`, answer requests. Each runs in a process of its own and holds a worker as
// long as it is awaited. Constant after construction; any worker.
//
//   path ─► find_script ─► body to its standard input ─► spawn_script ─► head ─► body, as it comes
//
// What goes wrong is told to the client as 403, 404, 500, 503 or 504, and to the error log with its
// reason.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/handlers/location.h"
#include "daemon/handlers/script_keeper.h"
#include "daemon/handlers/script_output.h"
#include "daemon/handlers/script_place.h"
#include "daemon/handlers/spawn_script.h"
#include "daemon/http/handler.h"
#include "daemon/log/log.h"
#include "daemon/log/seldom.h"

namespace mpmd::handlers {

class CgiScripts {
public:
    CgiScripts(const config::Settings& settings, ScriptKeeper& keeper, const log::Log& log);

    // Any thread, never blocks: whether this request is for a script.
    [[nodiscard]] bool claims(const http::Request& request, const LocationRules& rules) const;

    // Requires: claims(). The target of a local redirect, which is to be answered instead; "": this
    // is the answer. `redirected_from`: the path that a script has redirected from, or "".
    [[nodiscard]] std::string run(const http::Request& request,
                                  const LocationRules& rules,
                                  const std::string& redirected_from,
                                  http::Runner& runner,
                                  http::Response& response) const;

private:
    [[nodiscard]] static std::string answer(const http::Request& request,
                                            std::unique_ptr<ScriptOutput> output,
                                            http::Response& response);
    [[nodiscard]] const config::ScriptAlias* alias_of(std::string_view raw_path) const;
    [[nodiscard]] ScriptPlace place_of(const http::Request& request,
                                       const LocationRules& rules) const;
    [[nodiscard]] ScriptPlan plan_of(const http::Request& request,
                                     const ScriptPlace& place,
                                     const http::BodyView& body,
                                     const std::string& redirected_from) const;
    void refuse(const http::Request& request,
                std::uint16_t status,
                const std::string& reason,
                http::Response& response) const;

    const config::Settings& settings_;
    const std::string document_root_;
    const std::string time_zone_;            // TZ, the server's
    const std::vector<std::string> limits_;  // words for the launcher; empty: no limit is set
    ScriptKeeper& keeper_;
    const log::Log& log_;
    mutable log::Seldom refusals_{log::Level::Error, "cgi"};
};

}  // namespace mpmd::handlers

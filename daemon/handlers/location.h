#pragma once

// What the <Location> sections of the configuration say about a request: its handler, who may ask,
// whether scripts may run. As httpd does it: every section that matches is applied in the order of
// the file, and what a later one sets wins. A section matches its own path and what is below it
// ("/a" matches /a, /a/ and /a/b but not /ab; "/a/" matches /a/ and /a/b but not /a).
//
// The path that is matched is the decoded one, without "//" and dot segments, so that no spelling
// of a path goes around its section. Constant after construction; any thread. Borrows the sections.
// Without sections find() looks at nothing; with them it allocates only for a path that has to be
// decoded.

#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/http/request.h"
#include "daemon/net/address.h"

namespace mpmd::handlers {

struct LocationRules {
    config::SetHandler handler = config::SetHandler::None;
    config::Access access = config::Access::Granted;
    bool exec_cgi = false;
    std::uint16_t status = 0;  // not 0: the path cannot be decoded, and this is the answer
};

class Locations {
public:
    explicit Locations(const std::vector<config::Location>& sections) : sections_(sections) {}

    // `raw_path` as in http::Request.
    [[nodiscard]] LocationRules find(std::string_view raw_path) const {
        return sections_.empty() ? LocationRules{} : look(raw_path);
    }

private:
    [[nodiscard]] LocationRules look(std::string_view raw_path) const;
    const std::vector<config::Location>& sections_;
};

// Whether decoding a raw path would change nothing.
[[nodiscard]] bool is_plain_path(std::string_view raw_path);
// Whether a section for `section` holds for a decoded path.
[[nodiscard]] bool is_below(std::string_view section, std::string_view path);
// The sections that match a decoded path, merged.
[[nodiscard]] LocationRules merge_locations(const std::vector<config::Location>& sections,
                                            std::string_view path);

// `Require local`: the client is on the loopback, or has the very address it came to.
[[nodiscard]] bool is_local(const net::Address& client, const net::Address& server);
// Whether `Require` lets this request in; false: 403. Asks the kernel for our own address only when
// `local` is required of a client that is not on the loopback. Never blocks.
[[nodiscard]] bool admits(config::Access access, const http::Request& request);
[[nodiscard]] net::Address client_address(const http::Request& request);
// The address that the client came to; 0.0.0.0:0 when the connection is gone.
[[nodiscard]] net::Address server_address(const http::Request& request);

}  // namespace mpmd::handlers

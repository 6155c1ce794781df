#pragma once

// Pure. The environment of a CGI script (RFC 3875 4.1): what the request says, and nothing of the
// server's own. Of the client's fields these never reach a script: Proxy (which libraries read as
// HTTP_PROXY), Authorization and Proxy-Authorization (credentials are not the script's business),
// those of the connection itself, and names with anything but letters, digits and '-' (A-B and A_B
// would be the same variable).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/request.h"

namespace mpmd::handlers {

struct CgiFacts {
    std::string script_name;      // path of the script in the site
    std::string script_filename;  // in the file system
    std::string path_info;        // "" = none
    std::string document_root;
    std::string server_name;  // ServerName; "" = what the client calls us
    std::string server_address;
    std::uint16_t server_port = 0;
    std::string client_address;
    std::uint16_t client_port = 0;
    std::optional<std::uint64_t> content_length;  // of the body as the script gets it
    std::string time_zone;                        // TZ; "" = not set
    std::string redirected_from;                  // path of the request before a local redirect
};

// "NAME=value", in a fixed order, the client's fields last.
[[nodiscard]] std::vector<std::string> cgi_environment(const http::Request& request,
                                                       const CgiFacts& facts);

}  // namespace mpmd::handlers

#pragma once

// Pure. Request targets (RFC 9112 3.2) and the way from a raw path to a path of the site.

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/http/request.h"

namespace mpmd::http {

// Fills raw_path, query and, for absolute-form, host from request.target; false: 400. Requires:
// method and target. origin-form "/a?b" · absolute-form "http://h/a?b" · authority-form for CONNECT
// only · "*" for OPTIONS only.
[[nodiscard]] bool split_target(Request& request);

// Host field or authority: name, address or "" with an optional port; never a user, a blank or a
// path.
[[nodiscard]] bool valid_host(std::string_view host);
// "www.example.org" of "www.example.org:8080", "[::1]" of "[::1]:80".
[[nodiscard]] std::string_view without_port(std::string_view host);

struct DecodedPath {
    std::uint16_t status = 0;  // 0, or what to answer
    std::string path;  // "/a/b": decoded, no "//", no dot segments; ends in '/' as the raw one did
};

// %2F and %00 cannot be part of a name: 404 (as httpd's AllowEncodedSlashes Off) and 400. Bad
// escape: 400. A dot segment that would leave the root, encoded or not: 400.
[[nodiscard]] DecodedPath decode_path(std::string_view raw_path);

// A decoded path as it may stand in a Location line.
[[nodiscard]] std::string encode_path(std::string_view path);

}  // namespace mpmd::http

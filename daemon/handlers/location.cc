#include "daemon/handlers/location.h"

#include "daemon/http/target.h"

namespace mpmd::handlers {

bool is_below(std::string_view section, std::string_view path) {
    if (!path.starts_with(section)) return false;
    return path.size() == section.size() || section.ends_with('/') || path[section.size()] == '/';
}

bool is_plain_path(std::string_view raw_path) {
    char before = '\0';
    for (const char c : raw_path) {
        if (c == '%' || (before == '/' && (c == '/' || c == '.'))) return false;
        before = c;
    }
    return true;
}

LocationRules merge_locations(const std::vector<config::Location>& sections,
                              std::string_view path) {
    LocationRules rules;
    for (const config::Location& section : sections) {
        if (!is_below(section.path, path)) continue;
        if (section.handler) rules.handler = *section.handler;
        if (section.access) rules.access = *section.access;
        if (section.exec_cgi) rules.exec_cgi = *section.exec_cgi;
    }
    return rules;
}

LocationRules Locations::look(std::string_view raw_path) const {
    if (!raw_path.starts_with('/')) return {};  // OPTIONS *, CONNECT
    if (is_plain_path(raw_path)) return merge_locations(sections_, raw_path);
    const http::DecodedPath decoded = http::decode_path(raw_path);
    if (decoded.status == 0) return merge_locations(sections_, decoded.path);
    LocationRules rules;
    rules.status = decoded.status;
    return rules;
}

bool is_local(const net::Address& client, const net::Address& server) {
    return client.is_loopback() ||
           (client.family() == server.family() && client.bytes() == server.bytes());
}

bool admits(config::Access access, const http::Request& request) {
    switch (access) {
        case config::Access::Granted:
            return true;
        case config::Access::Denied:
            return false;
        case config::Access::Local:
            break;
    }
    const net::Address client = client_address(request);
    if (client.is_any()) return false;  // nobody said who it is
    return client.is_loopback() || is_local(client, server_address(request));
}

net::Address client_address(const http::Request& request) {
    return net::Address::of(request.peer.address, request.peer.port, request.peer.v6);
}

net::Address server_address(const http::Request& request) {
    return net::Address::of_local(request.socket);
}

}  // namespace mpmd::handlers

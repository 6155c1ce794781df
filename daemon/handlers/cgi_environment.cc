#include "daemon/handlers/cgi_environment.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/http/target.h"

namespace mpmd::handlers {

namespace {

bool is_withheld(std::string_view name) {
    static constexpr std::string_view kWithheld[] = {"proxy",
                                                     "authorization",
                                                     "proxy-authorization",
                                                     "proxy-connection",
                                                     "connection",
                                                     "keep-alive",
                                                     "transfer-encoding",
                                                     "te",
                                                     "trailer",
                                                     "upgrade",
                                                     "expect",
                                                     "content-length",
                                                     "content-type"};
    return std::any_of(std::begin(kWithheld), std::end(kWithheld),
                       [&](std::string_view other) { return text::iequals(name, other); });
}

// "" when the name cannot be a variable's.
std::string variable_of(std::string_view name) {
    std::string variable = "HTTP_";
    for (const char c : name) {
        const bool lower = c >= 'a' && c <= 'z';
        const bool other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '-')
            variable += '_';
        else if (lower)
            variable += static_cast<char>(c - 'a' + 'A');
        else if (other)
            variable += c;
        else
            return {};
    }
    return variable;
}

// A field that came more than once is one list (RFC 3875 4.1.18).
void add_client_fields(const http::Request& request, std::vector<std::string>& environment) {
    const std::size_t first = environment.size();
    for (const http::Field& field : request.fields) {
        if (is_withheld(field.name)) continue;
        const std::string variable = variable_of(field.name);
        if (variable.empty()) continue;
        const std::string beginning = variable + '=';
        const auto same = std::find_if(
            environment.begin() + static_cast<std::ptrdiff_t>(first), environment.end(),
            [&](const std::string& other) { return other.starts_with(beginning); });
        if (same == environment.end())
            environment.push_back(fmt::format("{}{}", beginning, field.value));
        else
            *same += fmt::format("{}{}", variable == "HTTP_COOKIE" ? "; " : ", ", field.value);
    }
}

}  // namespace

std::vector<std::string> cgi_environment(const http::Request& request, const CgiFacts& facts) {
    std::vector<std::string> environment;
    const auto add = [&](std::string_view name, std::string_view value) {
        environment.push_back(fmt::format("{}={}", name, value));
    };
    add("PATH", "/usr/local/bin:/usr/bin:/bin");
    add("LANG", "C.UTF-8");
    if (!facts.time_zone.empty()) add("TZ", facts.time_zone);
    add("GATEWAY_INTERFACE", "CGI/1.1");
    add("SERVER_SOFTWARE", "mpmd/" MPMD_VERSION);
    const std::string_view called = http::without_port(request.host);
    add("SERVER_NAME", !facts.server_name.empty() ? http::without_port(facts.server_name)
                       : !called.empty()          ? called
                                                  : std::string_view(facts.server_address));
    add("SERVER_ADDR", facts.server_address);
    add("SERVER_PORT", std::to_string(facts.server_port));
    add("SERVER_PROTOCOL", request.version >= 11 ? "HTTP/1.1" : "HTTP/1.0");
    add("REQUEST_SCHEME", "http");
    add("REQUEST_METHOD", request.method_text);
    add("REQUEST_URI", request.target);
    add("QUERY_STRING", request.query);
    add("REMOTE_ADDR", facts.client_address);
    add("REMOTE_PORT", std::to_string(facts.client_port));
    add("DOCUMENT_ROOT", facts.document_root);
    add("SCRIPT_NAME", facts.script_name);
    add("SCRIPT_FILENAME", facts.script_filename);
    if (!facts.path_info.empty()) {
        add("PATH_INFO", facts.path_info);
        add("PATH_TRANSLATED", facts.document_root + facts.path_info);
    }
    if (facts.content_length) add("CONTENT_LENGTH", std::to_string(*facts.content_length));
    if (const auto type = request.value("content-type"); type && !type->empty())
        add("CONTENT_TYPE", *type);
    if (!facts.redirected_from.empty()) {
        add("REDIRECT_STATUS", "200");
        add("REDIRECT_URL", facts.redirected_from);
    }
    add_client_fields(request, environment);
    return environment;
}

}  // namespace mpmd::handlers

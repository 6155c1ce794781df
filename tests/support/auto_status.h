#pragma once

// What ?auto says, in the order in which it says it.

#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_client.h"

namespace mpmd::test {

// For a configuration: the page for everybody on this machine.
inline constexpr const char* kStatusLines =
    "<Location \"/server-status\">\nSetHandler server-status\nRequire local\n</Location>\n";

struct AutoStatus {
    int status = 0;
    std::string name;  // the first line
    std::vector<std::pair<std::string, std::string>> lines;

    // "" when absent.
    [[nodiscard]] std::string operator[](const std::string& key) const {
        for (const auto& [name_of, value] : lines)
            if (name_of == key) return value;
        return "";
    }
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> out;
        out.reserve(lines.size());
        for (const auto& line : lines)
            out.push_back(line.first);
        return out;
    }
};

[[nodiscard]] inline AutoStatus parse_auto(const HttpResponse& response) {
    AutoStatus out;
    out.status = response.status;
    std::size_t at = 0;
    for (bool first = true; at < response.body.size(); first = false) {
        const std::size_t end = response.body.find('\n', at);
        const std::string line = response.body.substr(at, end - at);
        at = end == std::string::npos ? response.body.size() : end + 1;
        const std::size_t colon = line.find(": ");
        if (first)
            out.name = line;
        else if (colon != std::string::npos)
            out.lines.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    return out;
}

[[nodiscard]] inline AutoStatus auto_status(std::uint16_t port) {
    return parse_auto(fetch(port, "/server-status?auto"));
}

}  // namespace mpmd::test

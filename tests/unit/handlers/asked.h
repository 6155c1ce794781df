#pragma once

// A parsed request that owns its bytes, for tests of handlers.

#include <string>
#include <variant>

#include <boost/test/unit_test.hpp>

#include "daemon/http/request_parser.h"
#include "daemon/http/response.h"

namespace mpmd::test {

struct Asked {
    std::string bytes;
    http::Request request;

    explicit Asked(const std::string& target,
                   const std::string& fields = "",
                   const std::string& method = "GET")
        : bytes(method + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") {
        http::RequestParser parser;
        BOOST_REQUIRE(
            (parser.feed(bytes, {}, request).status == http::ParseResult::Status::HeadComplete));
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
};

// All lines of the response that a handler chose.
inline std::string lines_of(const http::Response& response) {
    return std::string(response.headers) + response.extra;
}

inline bool has_line(const http::Response& response, const std::string& line) {
    return ("\r\n" + lines_of(response)).find("\r\n" + line + "\r\n") != std::string::npos;
}

// The value of a line, "" when there is none.
inline std::string line_value(const http::Response& response, const std::string& name) {
    const std::string lines = "\r\n" + lines_of(response);
    const std::size_t at = lines.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + 4 + name.size();
    return lines.substr(begin, lines.find("\r\n", begin) - begin);
}

inline std::string memory_of(const http::Response& response) {
    const auto* memory = std::get_if<http::MemoryBody>(&response.body);
    return memory == nullptr ? std::string("(no memory body)") : std::string(memory->bytes);
}

}  // namespace mpmd::test

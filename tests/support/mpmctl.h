#pragma once

// The real mpmctl against one control socket.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"

namespace mpmd::test {

using Json = nlohmann::json;

class Mpmctl {
public:
    explicit Mpmctl(std::string socket, std::optional<uid_t> uid = {});

    [[nodiscard]] Ended run(std::vector<std::string> words) const;
    // With -o json: the one document, also of a failure. Throws with everything said when it is no
    // document.
    Json json(std::vector<std::string> words, int expected_exit = 0) const;
    // Runs beside the test.
    [[nodiscard]] std::unique_ptr<Program> start(std::vector<std::string> words) const;

    [[nodiscard]] Json status() const { return json({"status"}); }
    [[nodiscard]] Json children() const { return json({"ps"}).at("children"); }
    [[nodiscard]] Json connections(const std::string& filter = "") const;
    [[nodiscard]] std::string value(const std::string& directive) const;  // get -o value

private:
    [[nodiscard]] std::vector<std::string> line(std::vector<std::string> words) const;

    std::string program_;
    std::string socket_;
    std::optional<uid_t> uid_;
};

// A 64 bit number, which protobuf JSON writes as a string, or a smaller one.
[[nodiscard]] std::uint64_t number(const Json& value);
// Milliseconds since 1970 of an RFC 3339 time in UTC.
[[nodiscard]] std::int64_t time_ms(const Json& value);
[[nodiscard]] std::vector<pid_t> pids(const Json& children);

}  // namespace mpmd::test

#pragma once

// Pure. What a script says on its standard error, as lines for the error log: cut at kLongest
// bytes, at most kMost bytes per script, then a count of what was left out. Thread rule: of whoever
// owns the script.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mpmd::handlers {

class ErrorLines {
public:
    static constexpr std::size_t kLongest = 1024;
    static constexpr std::size_t kMost = std::size_t{64} * 1024;
    using Write = std::function<void(std::string_view line)>;

    void add(std::string_view bytes, const Write& write);
    // Nothing more will come: the last line, and how much was left out.
    void end(const Write& write);

private:
    void put(std::string_view line, const Write& write);

    std::string line_;  // not yet ended
    bool cut_ = false;  // the line goes on and was written already
    std::size_t written_ = 0;
    std::uint64_t left_out_ = 0;  // bytes
};

}  // namespace mpmd::handlers

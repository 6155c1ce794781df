#include "daemon/handlers/error_lines.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::handlers {

void ErrorLines::add(std::string_view bytes, const Write& write) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        if (cut_) {
            left_out_ += part.size();
        } else {
            const std::size_t taken = std::min(part.size(), kLongest - line_.size());
            line_ += part.substr(0, taken);
            left_out_ += part.size() - taken;
            if (taken < part.size()) {
                put(line_ + " ...", write);
                line_.clear();
                cut_ = true;
            }
        }
        if (end == std::string_view::npos) return;
        if (!cut_) put(line_, write);
        line_.clear();
        cut_ = false;
        bytes.remove_prefix(end + 1);
    }
}

void ErrorLines::end(const Write& write) {
    if (!line_.empty()) put(line_, write);
    line_.clear();
    if (left_out_ > 0)
        write(fmt::format("({} more bytes of its standard error are left out)", left_out_));
    left_out_ = 0;
}

void ErrorLines::put(std::string_view line, const Write& write) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return;
    if (written_ + line.size() > kMost) {
        left_out_ += line.size();
        return;
    }
    written_ += line.size();
    write(line);
}

}  // namespace mpmd::handlers

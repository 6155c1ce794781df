#pragma once

// What the tests of this folder share: a file that parses, and a look at what was said about one.

#include <ostream>
#include <string>
#include <vector>

#include "daemon/config/parser.h"

namespace mpmd::config {

inline FileLayer parse_lines(const std::string& lines) {
    return parse("Listen 127.0.0.1:80\n" + lines, "t.conf");
}

inline std::vector<std::string> messages(const FileLayer& file, Severity severity) {
    std::vector<std::string> out;
    for (const Diagnostic& entry : file.diagnostics)
        if (entry.severity == severity) out.push_back(entry.message);
    return out;
}

inline std::string only_error(const FileLayer& file) {
    const auto errors = messages(file, Severity::Error);
    if (errors.size() == 1) return errors.front();
    std::string all = "not one error but " + std::to_string(errors.size());
    for (const std::string& error : errors)
        all += "\n" + error;
    return all;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace mpmd::config

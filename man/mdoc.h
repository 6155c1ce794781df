#pragma once

// Text for mdoc(7): what has a meaning to the formatter is quoted, sentences begin lines, lines
// have 78 columns. For the generators of manual sections. Pure.

#include <string>
#include <string_view>

namespace mpmd::man {

[[nodiscard]] inline std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '"')
            out += "\\(dq";
        else
            out += c;
    }
    return out;
}

// A word or phrase as one argument of a macro.
[[nodiscard]] inline std::string argument(std::string_view text) {
    return "\"" + escape(text) + "\"";
}

// One paragraph as text lines, each with its newline.
[[nodiscard]] inline std::string paragraph(std::string_view text) {
    constexpr std::size_t kColumns = 78;
    std::string out;
    std::string line;
    const auto flush = [&] {
        if (line.empty()) return;
        if (line.front() == '.' || line.front() == '\'') line.insert(0, "\\&");
        out += line + '\n';
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        const std::string word = escape(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.size() + word.size() >= kColumns) flush();
        line += (line.empty() ? "" : " ") + word;
        const bool sentence_ends = !word.empty() && word.back() == '.' && !text.empty() &&
                                   text.front() >= 'A' && text.front() <= 'Z';
        if (sentence_ends) flush();
    }
    flush();
    return out;
}

}  // namespace mpmd::man

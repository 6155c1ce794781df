#include "daemon/config/lexer.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::config {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

// UTF-8 continuation bytes are no characters of their own.
int characters(std::string_view text) {
    return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

// The word in quotes that begins at line[at]; `at` moves behind the closing quote.
tl::expected<std::string, WordError> quoted_word(std::string_view line, std::size_t& at) {
    const std::size_t opened = at;
    const char quote = line[at++];
    std::string word;
    while (at < line.size() && line[at] != quote) {
        const bool escape = line[at] == '\\' && at + 1 < line.size() &&
                            (line[at + 1] == quote || line[at + 1] == '\\');
        if (escape) ++at;
        word += line[at++];
    }
    if (at == line.size()) {
        return tl::unexpected<WordError>(
            WordError{fmt::format("the quote {} is not closed", quote), opened});
    }
    ++at;
    if (at < line.size() && kBlank.find(line[at]) == std::string_view::npos) {
        return tl::unexpected<WordError>(
            WordError{"a blank is missing after the closing quote", at});
    }
    return word;
}

}  // namespace

void JoinedLine::append(std::string_view physical, std::string_view kept, int line) {
    pieces_.push_back({text_.size(), line, std::string(physical)});
    text_ += kept;
}

Place JoinedLine::place(std::size_t offset) const {
    const Piece* found = &pieces_.front();
    for (const Piece& piece : pieces_) {
        if (piece.begin <= offset) found = &piece;
    }
    const std::string_view before =
        std::string_view(found->source)
            .substr(0, std::min(offset - found->begin, found->source.size()));
    return Place{found->line, characters(before) + 1, found->source};
}

std::optional<JoinedLine> Lines::next() {
    if (rest_.empty()) return std::nullopt;
    JoinedLine joined;
    while (!rest_.empty()) {
        const auto newline = rest_.find('\n');
        std::string_view physical = rest_.substr(0, newline);
        rest_ = newline == std::string_view::npos ? std::string_view() : rest_.substr(newline + 1);
        if (!physical.empty() && physical.back() == '\r') physical.remove_suffix(1);
        const bool goes_on = !physical.empty() && physical.back() == '\\';
        joined.append(physical, goes_on ? physical.substr(0, physical.size() - 1) : physical,
                      ++line_);
        if (!goes_on) break;
    }
    return joined;
}

tl::expected<std::vector<Word>, WordError> split_words(std::string_view line) {
    std::vector<Word> words;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(kBlank, at)) != std::string_view::npos) {
        const std::size_t begin = at;
        if (line[at] == '"' || line[at] == '\'') {
            auto word = quoted_word(line, at);
            if (!word) return tl::unexpected<WordError>(word.error());
            words.push_back({std::move(*word), begin});
            continue;
        }
        at = std::min(line.find_first_of(kBlank, at), line.size());
        words.push_back({std::string(line.substr(begin, at - begin)), begin});
    }
    return words;
}

std::string join_words(std::span<const std::string> words) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += ' ';
        const bool plain = !word.empty() && word.find_first_of(kBlank) == std::string::npos &&
                           word.front() != '"' && word.front() != '\'';
        if (plain) {
            out += word;
            continue;
        }
        out += '"';
        for (const char c : word) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out;
}

}  // namespace mpmd::config

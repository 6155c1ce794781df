#pragma once

// Pure. Text -> joined lines -> words (grammar: parser.h), each with the place where a person finds
// it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace mpmd::config {

// A place within the file; `source` is the physical line without its end.
struct Place {
    int line = 0;
    int column = 0;
    std::string source;
};

// One or more physical lines joined by "\" at their ends.
class JoinedLine {
public:
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] Place place(std::size_t offset) const;  // offset within text(); may be its end

    void append(std::string_view physical, std::string_view kept, int line);

private:
    struct Piece {
        std::size_t begin;  // offset of its first byte in text_
        int line;
        std::string source;
    };
    std::string text_;
    std::vector<Piece> pieces_;
};

// Reads `text` line by line; `text` outlives it.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}
    [[nodiscard]] std::optional<JoinedLine> next();

private:
    std::string_view rest_;
    int line_ = 0;
};

struct Word {
    std::string text;        // quotes and escapes undone
    std::size_t offset = 0;  // of its first byte, the quote included
};

struct WordError {
    std::string message;
    std::size_t offset = 0;
};

[[nodiscard]] tl::expected<std::vector<Word>, WordError> split_words(std::string_view line);
// Words -> one line that split_words reads back.
[[nodiscard]] std::string join_words(std::span<const std::string> words);

}  // namespace mpmd::config

#include "tui/text/display.h"

#include <algorithm>
#include <iterator>

#include "tui/text/unicode_table.h"

namespace mpmd::tui {

namespace {

constexpr int kMaxMarks = 2;

template <std::size_t N>
bool contains(const Range (&table)[N], std::uint32_t code) {
    const Range* after = std::upper_bound(
        std::begin(table), std::end(table), code,
        [](std::uint32_t wanted, const Range& range) { return wanted < range.first; });
    return after != std::begin(table) && code <= std::prev(after)->last;
}

struct Decoded {
    char32_t code = 0;
    std::size_t size = 0;  // 0: not valid UTF-8 here
};

std::size_t sequence_size(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    if (lead >= 0xf0 && lead < 0xf5) return 4;
    return 0;
}

Decoded decode(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = sequence_size(lead);
    if (size == 0 || size > text.size()) return {};
    if (size == 1) return {lead, 1};
    char32_t code = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0U) != 0x80) return {};
        code = (code << 6U) | (byte & 0x3fU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[size] || code > 0x10ffff) return {};  // overlong, beyond Unicode
    return {code, size};
}

void append_escaped(std::vector<Glyph>& out, std::string_view bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        const char digits[] = {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
        for (const char digit : digits)
            out.push_back({std::string(1, digit), 1});
    }
}

}  // namespace

int columns_of(char32_t code_point) {
    if (code_point < 0x20 || code_point == 0x7f) return -1;
    if (code_point < 0x7f) return 1;
    const auto code = static_cast<std::uint32_t>(code_point);
    if (code > 0x10ffff || contains(kRefused, code)) return -1;
    if (contains(kZeroWidth, code)) return 0;
    return contains(kWide, code) ? 2 : 1;
}

std::vector<Glyph> glyphs(std::string_view text, bool ascii) {
    std::vector<Glyph> out;
    out.reserve(text.size());
    int marks = kMaxMarks;  // a mark needs a character before it
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        const int columns = decoded.size == 0 ? -1 : columns_of(decoded.code);
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(decoded.size, 1));
        text.remove_prefix(bytes.size());
        if (columns < 0) {
            append_escaped(out, bytes);
            marks = kMaxMarks;
        } else if (columns == 0) {
            if (!ascii && marks < kMaxMarks) {
                out.back().bytes += bytes;
                ++marks;
            }
        } else if (ascii && bytes.size() > 1) {
            for (int i = 0; i < columns; ++i)
                out.push_back({"?", 1});
        } else {
            out.push_back({std::string(bytes), columns});
            marks = 0;
        }
    }
    return out;
}

std::string clean(std::string_view text) {
    std::string out;
    for (const Glyph& glyph : glyphs(text))
        out += glyph.bytes;
    return out;
}

int width(std::string_view text) {
    int columns = 0;
    for (const Glyph& glyph : glyphs(text))
        columns += glyph.columns;
    return columns;
}

std::string cut(std::string_view text, int columns) {
    if (columns <= 0) return {};
    const std::vector<Glyph> all = glyphs(text);
    int total = 0;
    for (const Glyph& glyph : all)
        total += glyph.columns;
    std::string out;
    if (total <= columns) {
        for (const Glyph& glyph : all)
            out += glyph.bytes;
        return out;
    }
    int used = 0;
    for (const Glyph& glyph : all) {
        if (used + glyph.columns > columns - 1) break;
        out += glyph.bytes;
        used += glyph.columns;
    }
    return out + "~";
}

std::string pad(std::string_view text, int columns, bool right) {
    std::string out = cut(text, columns);
    const int missing = columns - width(out);
    const std::string blanks(static_cast<std::size_t>(std::max(missing, 0)), ' ');
    return right ? blanks + out : out + blanks;
}

std::string encode(char32_t code) {
    const auto tail = [code](unsigned shift) {
        return static_cast<char>(0x80U | ((static_cast<std::uint32_t>(code) >> shift) & 0x3fU));
    };
    const auto lead = [code](unsigned mark, unsigned shift) {
        return static_cast<char>(mark | (static_cast<std::uint32_t>(code) >> shift));
    };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {lead(0xc0, 6), tail(0)};
    if (code < 0x10000) return {lead(0xe0, 12), tail(6), tail(0)};
    return {lead(0xf0, 18), tail(12), tail(6), tail(0)};
}

}  // namespace mpmd::tui

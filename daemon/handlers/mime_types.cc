#include "daemon/handlers/mime_types.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace mpmd::handlers {
namespace {

struct BuiltIn {
    std::string_view type;
    std::string_view extensions;
};

// clang-format off
constexpr BuiltIn kBuiltIn[] = {
    {"text/html", "html htm shtml"},            {"text/css", "css"},
    {"text/javascript", "js mjs"},              {"application/json", "json map"},
    {"application/ld+json", "jsonld"},          {"application/manifest+json", "webmanifest"},
    {"text/plain", "txt text log conf asc"},    {"text/csv", "csv"},
    {"text/markdown", "md markdown"},           {"text/calendar", "ics"},
    {"text/xml", "xml"},                        {"application/xhtml+xml", "xhtml xht"},
    {"application/rss+xml", "rss"},             {"application/atom+xml", "atom"},
    {"image/png", "png"},                       {"image/jpeg", "jpg jpeg jpe"},
    {"image/gif", "gif"},                       {"image/webp", "webp"},
    {"image/avif", "avif"},                     {"image/svg+xml", "svg svgz"},
    {"image/vnd.microsoft.icon", "ico"},        {"image/bmp", "bmp"},
    {"image/tiff", "tif tiff"},                 {"font/woff", "woff"},
    {"font/woff2", "woff2"},                    {"font/ttf", "ttf"},
    {"font/otf", "otf"},                        {"audio/mpeg", "mp3"},
    {"audio/ogg", "ogg oga opus"},              {"audio/wav", "wav"},
    {"audio/flac", "flac"},                     {"audio/mp4", "m4a"},
    {"video/mp4", "mp4 m4v"},                   {"video/webm", "webm"},
    {"video/ogg", "ogv"},                       {"video/quicktime", "mov qt"},
    {"video/x-matroska", "mkv"},                {"application/pdf", "pdf"},
    {"application/zip", "zip"},                 {"application/gzip", "gz tgz"},
    {"application/x-bzip2", "bz2"},             {"application/x-xz", "xz"},
    {"application/zstd", "zst"},                {"application/x-tar", "tar"},
    {"application/x-7z-compressed", "7z"},      {"application/wasm", "wasm"},
    {"application/rtf", "rtf"},                 {"application/postscript", "ps eps ai"},
    {"application/epub+zip", "epub"},           {"application/vnd.debian.binary-package", "deb"},
    {"application/octet-stream", "bin exe dll so iso img"},
    {"application/msword", "doc"},              {"application/vnd.ms-excel", "xls"},
    {"application/vnd.ms-powerpoint", "ppt"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
    {"application/vnd.oasis.opendocument.text", "odt"},
    {"application/vnd.oasis.opendocument.spreadsheet", "ods"},
};
// clang-format on

// The next word of `line`, which loses it; "" at the end.
std::string_view next_word(std::string_view& line) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    return word;
}

// A type goes into a header line: nothing but printable characters may.
bool is_type(std::string_view word) {
    if (word.find('/') == std::string_view::npos) return false;
    for (const char c : word) {
        if (static_cast<unsigned char>(c) < 0x21 || static_cast<unsigned char>(c) > 0x7e)
            return false;
    }
    return true;
}

}  // namespace

MimeTypes::MimeTypes() {
    for (const BuiltIn& entry : kBuiltIn) {
        std::string_view extensions = entry.extensions;
        for (std::string_view word = next_word(extensions); !word.empty();
             word = next_word(extensions))
            by_extension_.insert_or_assign(std::string(word), std::string(entry.type));
    }
}

void MimeTypes::add(std::string_view types_config) {
    while (!types_config.empty()) {
        const std::size_t end = std::min(types_config.find('\n'), types_config.size());
        std::string_view line = types_config.substr(0, end);
        types_config.remove_prefix(std::min(end + 1, types_config.size()));
        line = line.substr(0, line.find('#'));
        const std::string_view type = next_word(line);
        if (!is_type(type)) continue;
        for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
            by_extension_.insert_or_assign(text::lower(word), std::string(type));
    }
}

std::string_view MimeTypes::of(std::string_view file_name) const {
    const std::size_t dot = file_name.rfind('.');
    if (dot == std::string_view::npos) return {};
    const auto found = by_extension_.find(text::lower(file_name.substr(dot + 1)));
    return found == by_extension_.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace mpmd::handlers

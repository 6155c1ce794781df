#pragma once

// Pure. File name -> media type: a built-in table, and a TypesConfig file's on top of it. Constant
// after the last add.

#include <string>
#include <string_view>
#include <unordered_map>

namespace mpmd::handlers {

class MimeTypes {
public:
    MimeTypes();  // the built-in table
    // Text of a mime.types file: "type ext ext", '#' comments. Its entries win.
    void add(std::string_view types_config);
    // By the last extension, without regard to case; "" when there is none (then no
    // Content-Type is sent, as httpd does).
    [[nodiscard]] std::string_view of(std::string_view file_name) const;

private:
    std::unordered_map<std::string, std::string> by_extension_;
};

}  // namespace mpmd::handlers

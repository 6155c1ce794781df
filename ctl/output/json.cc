#include "ctl/output/json.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

namespace mpmd::ctl {

std::string message_json(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_primitive_fields = true;
    options.add_whitespace = true;
    std::string out;
    const auto status = google::protobuf::util::MessageToJsonString(message, &out, options);
    if (!status.ok())
        return "{\"error\": {\"code\": \"INTERNAL\", \"reason\": \"BUG\", \"message\": " +
               json_string(status.ToString()) + ", \"details\": {}}}\n";
    if (out.empty() || out.back() != '\n') out += '\n';
    return out;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else if (byte >= 0x80) {
            // Server text is escaped ASCII; what is not must not break the document.
            out += "\\ufffd";
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace mpmd::ctl

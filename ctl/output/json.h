#pragma once

// Machine output: a response message as one JSON document, field names as in the .proto (contract
// 2). Pure.

#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace mpmd::ctl {

// Every field, also those with their default value; optional ones that are unset stay away. Ends
// with a newline.
[[nodiscard]] std::string message_json(const google::protobuf::Message& message);
// One JSON string with its quotes; invalid UTF-8 bytes become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace mpmd::ctl

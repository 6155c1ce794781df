#pragma once

// What went wrong, for a person: one sentence that names the object, the fact and, where the reader
// can act, the act. `os_errno` keeps the system's code where a caller must tell refusals apart.
// Plain value.

#include <string>
#include <string_view>

namespace mpmd {

struct Error {
    std::string message;
    int os_errno = 0;

    // "CALL: text of errno"
    [[nodiscard]] static Error os(std::string_view call, int code);
    // The same with the current errno.
    [[nodiscard]] static Error os(std::string_view call);
    [[nodiscard]] static Error text(std::string message) { return Error{std::move(message), 0}; }

    // "what: message", for the caller that knows the object.
    [[nodiscard]] Error context(std::string_view what) const;
};

}  // namespace mpmd

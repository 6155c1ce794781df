#include "daemon/base/error.h"

#include <cerrno>
#include <system_error>

namespace mpmd {

Error Error::os(std::string_view call, int code) {
    return Error{std::string(call) + ": " + std::generic_category().message(code), code};
}

Error Error::os(std::string_view call) {
    return os(call, errno);
}

Error Error::context(std::string_view what) const {
    return Error{std::string(what) + ": " + message, os_errno};
}

}  // namespace mpmd

#include "daemon/config/validate.h"

#include <fmt/format.h>

namespace mpmd::config {
namespace {

// Where the file sets the directive, else the file as a whole.
Position position_of(const FileLayer& file, const std::string& directive) {
    const auto found = file.values.find(directive);
    return found == file.values.end() ? Position{file.file, 0, 0} : found->second.position;
}

}  // namespace

Diagnostics validate(const FileLayer& file, const Surroundings& surroundings) {
    Diagnostics out;
    const Settings effective = normalise(file.settings, surroundings).settings;
    if (effective.control_socket.size() > kMaxSocketPath) {
        out.push_back(
            {Severity::Error, position_of(file, "ControlSocket"),
             fmt::format("the control socket's path is {} bytes long, {} is the system's limit: {}",
                         effective.control_socket.size(), kMaxSocketPath, effective.control_socket),
             ""});
    }
    if (file.settings.test_handlers && !effective.test_handlers) {
        out.push_back({Severity::Warning, position_of(file, "TestHandlers"),
                       "TestHandlers is left Off: not every Listen is a loopback address", ""});
    }
    return out;
}

}  // namespace mpmd::config

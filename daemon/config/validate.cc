#include "daemon/config/validate.h"

#include <fmt/format.h>

namespace mpmd::config {
namespace {

// At the line that sets the directive, else about the file as a whole.
Diagnostic at(const FileLayer& file,
              const std::string& directive,
              Severity severity,
              std::string message) {
    const auto found = file.values.find(directive);
    if (found == file.values.end()) {
        return {severity, {file.file, 0, 0}, std::move(message), ""};
    }
    return {severity, found->second.position, std::move(message), found->second.source};
}

}  // namespace

Diagnostics validate(const FileLayer& file, const Surroundings& surroundings) {
    Diagnostics out;
    const Settings effective = normalise(file.settings, surroundings).settings;
    if (effective.control_socket.size() > kMaxSocketPath) {
        out.push_back(at(
            file, "ControlSocket", Severity::Error,
            fmt::format("the control socket's path is {} bytes long, {} is the system's limit: {}",
                        effective.control_socket.size(), kMaxSocketPath,
                        effective.control_socket)));
    }
    if (file.settings.test_handlers && !effective.test_handlers) {
        out.push_back(at(file, "TestHandlers", Severity::Warning,
                         "TestHandlers is left Off: not every Listen is a loopback address"));
    }
    return out;
}

}  // namespace mpmd::config

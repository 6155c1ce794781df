#pragma once

// The folder's only I/O: reads files, asks the system what the pure code may not. Main thread of
// the supervisor or of a command; NSS look-ups happen here, never after a fork.

#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "daemon/config/override.h"

namespace mpmd::config {

// A regular file of at most kMaxFileBytes without NUL bytes, whole.
[[nodiscard]] Result<std::string> read_text(const std::string& path);

// Of this process: effective uid, environment, processors. `defines`: of the command line.
[[nodiscard]] Surroundings surroundings_here(std::vector<std::string> defines = {});

// Reads and parses `path` and what it includes, then checks what needs the system: ServerRoot,
// DocumentRoot, TypesConfig, CoreDumpDirectory, User, Group and more. Every problem is in
// diagnostics, an unreadable file too.
[[nodiscard]] FileLayer load_file(const std::string& path,
                                  const Surroundings& surroundings = surroundings_here());

// What an Include of this absolute path reads: a file, a directory with everything below it, or
// what matches a pattern, sorted. Empty: there is nothing. Fails when something cannot be read.
[[nodiscard]] Result<std::vector<SourceFile>> read_included(const std::string& path);

struct Loaded {
    FileLayer file;
    Composed composed;                     // valid when config is set
    std::shared_ptr<const Config> config;  // null when file has errors
};
// load_file() and compose() with the layers that already exist. At a first start call load_file,
// read StateDir/overrides.conf (read_overrides), then compose.
[[nodiscard]] Loaded load(const std::string& path,
                          const Layers& layers,
                          const Surroundings& surroundings = surroundings_here());

}  // namespace mpmd::config

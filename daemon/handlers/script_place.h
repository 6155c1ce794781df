#pragma once

// Which file a path of the site means when scripts are below it, and what of the path is left for
// the script (PATH_INFO): the path is walked name by name, the first that is a file is the script.
// Everything is opened beneath the directory, so that neither ".." nor a link leads out of it. Any
// thread; may block.

#include <cstdint>
#include <string>

namespace mpmd::handlers {

struct ScriptPlace {
    std::uint16_t status = 0;  // not 0: what to answer, and why
    std::string reason;
    std::string script_name;  // "/cgi-bin/a.cgi"
    std::string path_info;    // "/rest", or ""
    std::string file;         // the directory's name and what of the path names the script
    std::string executable;   // the same without links
    std::string directory;    // of the executable: where the script starts
};

// `path` is decoded (http::decode_path) and lies below `prefix`, which stands for `directory`; that
// may also be one script.
[[nodiscard]] ScriptPlace find_script(const std::string& prefix,
                                      const std::string& directory,
                                      const std::string& path);

}  // namespace mpmd::handlers

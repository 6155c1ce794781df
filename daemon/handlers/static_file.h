#pragma once

// Files beneath DocumentRoot, looked at by workers. Opens beneath the root with openat2
// (RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS): symbolic links inside the site are followed, none leads
// out of it. The root itself is opened each time, so that a site can be switched by renaming. A
// small file is read between two fstats that must agree; no served file is ever mapped. Names that
// begin with ".ht" are forbidden, as in httpd's shipped configuration. Constant after construction;
// any thread; may block.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/handlers/file_entry.h"
#include "daemon/handlers/mime_types.h"

namespace mpmd::handlers {

// Result of one look, on its way to the listener's cache.
struct Learned {
    std::string key;     // raw path
    FileEntryPtr entry;  // never null
    MonoTime checked{};  // before the look began
    // False: a passing trouble (no descriptors, a file being written): answer with it, do not keep
    // it.
    bool lasting = true;
};

class StaticFiles {
public:
    StaticFiles(std::string document_root, std::vector<std::string> index, MimeTypes types);

    // `previous` may be null; it is returned again when the file is still the same.
    [[nodiscard]] Learned look(std::string_view raw_path, const FileEntryPtr& previous) const;

private:
    struct Look {
        FileEntryPtr entry;
        bool lasting = true;
    };
    [[nodiscard]] Look find(std::string_view raw_path, const FileEntryPtr& previous) const;
    [[nodiscard]] Look find_index(int root,
                                  const std::string& path,
                                  const FileEntryPtr& previous) const;
    [[nodiscard]] Look read(os::UniqueFd file,
                            const std::string& path,
                            const FileEntryPtr& previous) const;

    const std::string document_root_;
    const std::vector<std::string> index_;
    const MimeTypes types_;
};

}  // namespace mpmd::handlers

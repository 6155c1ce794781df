#pragma once

// What holds, and which number it has: the file as read, the layers above it, the effective
// configuration, generation (loads) and revision (accepted changes, drops and loads) (decisions.md
// 5). Never half-changed: a new state is computed aside and committed whole. Supervisor's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/strong_type.h"
#include "daemon/base/time.h"
#include "daemon/config/load.h"
#include "daemon/config/override.h"

namespace mpmd::supervisor {

// Who set a value above the file, and when.
struct Author {
    std::uint32_t uid = 0;
    std::uint64_t revision = 0;
    std::uint64_t wall_us = 0;
};

class RevisionLog {
public:
    // The first load: file, then StateDir/overrides.conf over it. `problems`: sentences about saved
    // overrides that were dropped. `defines`: -D, also for every later load.
    struct First;
    [[nodiscard]] static Result<First> first(const std::string& file,
                                             const std::vector<std::string>& defines = {});

    // The file once more, under the layers that exist. Changes nothing.
    // `hard`: the number of buckets is found anew.
    [[nodiscard]] Result<config::Loaded> load_again(bool hard = false) const;
    // Sets of listening sockets that are in use, which the limits go by.
    void keep_buckets(std::int64_t buckets) { surroundings_.kept_buckets = buckets; }
    // The load becomes what holds: generation + 1, revision + 1. Sentences about dropped overrides.
    std::vector<std::string> commit(config::Loaded loaded);

    [[nodiscard]] config::Validated validate(const config::ChangeRequest& request) const;
    // The change becomes what holds: revision + 1.
    void commit(config::Validated validated, std::uint32_t uid, WallTime now);
    // overrides.conf as it is to be now, after a load that dropped something of it: else that would
    // hold again as soon as the file says again what it said then.
    [[nodiscard]] std::string saved_text() const;
    // overrides.conf as it would be after a commit.
    [[nodiscard]] std::string saved_text(const config::Layers& layers) const;

    [[nodiscard]] const std::shared_ptr<const config::Config>& config() const { return config_; }
    // What the server was started with.
    [[nodiscard]] const config::Settings& begun_with() const { return begun_->effective; }
    [[nodiscard]] const config::Layers& layers() const { return layers_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] Generation generation() const { return generation_; }
    [[nodiscard]] Revision revision() const { return revision_; }
    [[nodiscard]] const Author* author(const std::string& directive) const;
    void continue_from(std::uint64_t revision);

private:
    RevisionLog() = default;
    std::string path_;
    config::FileLayer file_;
    config::Layers layers_;
    std::shared_ptr<const config::Config> config_;
    std::shared_ptr<const config::Config> begun_;
    config::Surroundings surroundings_;
    std::map<std::string, Author> authors_;
    Generation generation_;
    Revision revision_;
};

struct RevisionLog::First {
    RevisionLog log;
    std::vector<std::string> problems;
    bool dropped = false;  // a saved override: overrides.conf is to be written
};

// A directive whose new value waits for the next start of the server: where it keeps its state,
// its sockets and its scoreboard, and its name.
[[nodiscard]] bool fixed_at_start(const config::Directive& directive);

// The errors of a file, each with its line and a caret, as one text.
[[nodiscard]] std::string errors_text(const config::FileLayer& file);

}  // namespace mpmd::supervisor

#pragma once

// The listener's memory of the site: raw path -> FileEntry. One hash look-up per request, nothing
// decoded.
//
// Freshness (decisions.md 3), with FileCacheCheck C: looked at less than C ago: answer. Between C
// and 2C: answer, and one worker looks again. Older, or unknown: a worker. So no answer is older
// than 2C, "not found" included. Bounded by entries, bytes and descriptors; the second-chance clock
// throws out what was not asked for lately. Listener only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/base/time.h"
#include "daemon/handlers/file_entry.h"

namespace mpmd::handlers {

struct FileCacheCaps {
    std::size_t entries = 2048;
    std::size_t bytes = std::size_t{16} * 1024 * 1024;
    std::size_t descriptors = 512;
};

struct FileCacheCounts {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    std::size_t descriptors = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;  // unknown or too old
    std::uint64_t evicted = 0;
};

class FileCache {
public:
    struct Found {
        const FileEntryPtr* entry = nullptr;  // null: ask a worker; valid until the next call
        bool recheck = false;                 // said once per entry and look
    };

    FileCache(FileCacheCaps caps, Milliseconds check) : caps_(caps), check_(check) {}

    [[nodiscard]] Found find(std::string_view raw_path, MonoTime now);
    void put(std::string_view raw_path, FileEntryPtr entry, MonoTime checked);
    void forget(std::string_view raw_path);
    void set_check(Milliseconds check) { check_ = check; }
    [[nodiscard]] const FileCacheCounts& counts() const { return counts_; }

private:
    struct Slot {
        FileEntryPtr entry;
        MonoTime checked{};
        bool rechecking = false;
        bool wanted = false;  // asked for since the clock's hand came by
        std::list<std::string_view>::iterator place;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Slots = std::unordered_map<std::string, Slot, Hash, std::equal_to<>>;

    void add_cost(const Slots::value_type& slot);
    void remove_cost(const Slots::value_type& slot);
    void erase(Slots::iterator slot);
    void evict();

    FileCacheCaps caps_;
    Milliseconds check_;
    FileCacheCounts counts_;
    Slots slots_;
    std::list<std::string_view> clock_;  // keys, the hand is at the front
};

}  // namespace mpmd::handlers

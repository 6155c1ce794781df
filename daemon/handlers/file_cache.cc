#include "daemon/handlers/file_cache.h"

namespace mpmd::handlers {
namespace {

constexpr std::size_t kMaxKey = 2048;   // longer paths are looked up each time
constexpr std::size_t kSlotCost = 160;  // nodes of map and list, about

}  // namespace

FileCache::Found FileCache::find(std::string_view raw_path, MonoTime now) {
    if (check_ <= Milliseconds::zero()) return {};
    const auto found = slots_.find(raw_path);
    if (found == slots_.end()) {
        ++counts_.misses;
        return {};
    }
    Slot& slot = found->second;
    slot.wanted = true;
    const Nanoseconds age = now - slot.checked;
    if (age >= 2 * check_) {
        ++counts_.misses;
        return {};
    }
    ++counts_.hits;
    const bool recheck = age >= check_ && !slot.rechecking;
    if (recheck) slot.rechecking = true;
    return {&slot.entry, recheck};
}

void FileCache::put(std::string_view raw_path, FileEntryPtr entry, MonoTime checked) {
    if (check_ <= Milliseconds::zero() || raw_path.size() > kMaxKey) return;
    const auto found = slots_.find(raw_path);
    if (found != slots_.end()) {
        Slot& slot = found->second;
        slot.rechecking = false;
        if (checked < slot.checked) return;  // two workers looked; the later look counts
        remove_cost(*found);
        slot.entry = std::move(entry);
        slot.checked = checked;
        add_cost(*found);
    } else {
        const auto added = slots_.emplace(std::string(raw_path), Slot{}).first;
        added->second.entry = std::move(entry);
        added->second.checked = checked;
        added->second.place = clock_.insert(clock_.end(), added->first);
        add_cost(*added);
    }
    evict();
}

void FileCache::forget(std::string_view raw_path) {
    const auto found = slots_.find(raw_path);
    if (found != slots_.end()) erase(found);
}

void FileCache::add_cost(const Slots::value_type& slot) {
    counts_.entries += 1;
    counts_.bytes += kSlotCost + slot.first.capacity() + slot.second.entry->cost();
    counts_.descriptors += slot.second.entry->file ? 1u : 0u;
}

void FileCache::remove_cost(const Slots::value_type& slot) {
    counts_.entries -= 1;
    counts_.bytes -= kSlotCost + slot.first.capacity() + slot.second.entry->cost();
    counts_.descriptors -= slot.second.entry->file ? 1u : 0u;
}

void FileCache::erase(Slots::iterator slot) {
    remove_cost(*slot);
    clock_.erase(slot->second.place);
    slots_.erase(slot);
}

// Each pass of the hand takes away a chance, so this ends after two rounds at most.
void FileCache::evict() {
    while (!clock_.empty() && (counts_.entries > caps_.entries || counts_.bytes > caps_.bytes ||
                               counts_.descriptors > caps_.descriptors)) {
        const auto slot = slots_.find(clock_.front());
        if (slot->second.wanted) {
            slot->second.wanted = false;
            clock_.splice(clock_.end(), clock_, clock_.begin());
            continue;
        }
        ++counts_.evicted;
        erase(slot);
    }
}

}  // namespace mpmd::handlers

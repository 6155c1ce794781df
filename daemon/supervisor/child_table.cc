#include "daemon/supervisor/child_table.h"

#include <algorithm>

#include "daemon/base/check.h"

namespace mpmd::supervisor {

Child& ChildTable::add(Child child) {
    const std::uint64_t uid = child.uid.value();
    CHECK(uid_by_slot_.emplace(child.slot.value(), uid).second);
    uid_by_pid_[child.pid] = uid;
    const auto [entry, fresh] = by_uid_.emplace(uid, std::move(child));
    CHECK(fresh);
    return entry->second;
}

void ChildTable::erase(ChildUid uid) {
    const auto entry = by_uid_.find(uid.value());
    if (entry == by_uid_.end()) return;
    uid_by_slot_.erase(entry->second.slot.value());
    uid_by_pid_.erase(entry->second.pid);
    by_uid_.erase(entry);
}

Child* ChildTable::find(ChildUid uid) {
    const auto entry = by_uid_.find(uid.value());
    return entry == by_uid_.end() ? nullptr : &entry->second;
}

const Child* ChildTable::find(ChildUid uid) const {
    const auto entry = by_uid_.find(uid.value());
    return entry == by_uid_.end() ? nullptr : &entry->second;
}

Child* ChildTable::find_pid(pid_t pid) {
    const auto entry = uid_by_pid_.find(pid);
    return entry == uid_by_pid_.end() ? nullptr : find(ChildUid(entry->second));
}

std::vector<SlotIndex> ChildTable::free_slots(std::uint32_t slots,
                                              std::size_t most,
                                              Bucket of) const {
    std::vector<SlotIndex> free;
    auto used = uid_by_slot_.begin();
    for (std::uint32_t slot = 0; slot < slots && free.size() < most; ++slot) {
        if (used != uid_by_slot_.end() && used->first == slot)
            ++used;
        else if (slot % of.buckets == of.bucket)
            free.emplace_back(slot);
    }
    return free;
}

std::uint32_t ChildTable::emptiest_bucket(std::uint32_t buckets) const {
    std::vector<std::size_t> children(buckets, 0);
    for (const auto& [uid, child] : by_uid_)
        if (!child.leaving() && child.buckets == buckets) ++children[child.slot.value() % buckets];
    return static_cast<std::uint32_t>(std::min_element(children.begin(), children.end()) -
                                      children.begin());
}

std::vector<ChildUid> ChildTable::active() const {
    std::vector<ChildUid> uids;
    for (const auto& [uid, child] : by_uid_)
        if (child.active()) uids.emplace_back(uid);
    return uids;
}

std::uint32_t ChildTable::high_slot() const {
    return uid_by_slot_.empty() ? 0 : uid_by_slot_.rbegin()->first + 1;
}

}  // namespace mpmd::supervisor

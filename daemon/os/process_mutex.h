#pragma once

// A mutex between processes, as one of them holds it: the accept mutex of MPM worker (W-2, D-44).
//
//   Pthread  a robust mutex in shared memory      Flock, Fcntl  a lock on a file
//
// Whichever it is, a holder that dies gives it up: the next one gets it. A file lock belongs to the
// open file, so every process needs an object of its own: for_child() makes one before the fork.
// Thread rule: the thread that locks unlocks.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/os/mapped_memory.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

enum class MutexKind : std::uint8_t { Pthread, Flock, Fcntl };
[[nodiscard]] std::string_view to_text(MutexKind kind);  // "pthread", "flock", "fcntl"

class ProcessMutex {
public:
    [[nodiscard]] static Result<ProcessMutex> in_memory();
    // Makes `path`, 0600; a file that is there already is removed first. Who made it removes it.
    [[nodiscard]] static Result<ProcessMutex> in_file(MutexKind kind, const std::string& path);
    // The same mutex for a process that is about to be forked.
    [[nodiscard]] Result<ProcessMutex> for_child() const;

    enum class Locked : std::uint8_t {
        No,  // try_lock: somebody else has it
        Yes,
        Recovered,  // its holder died without giving it up
    };
    [[nodiscard]] Result<Locked> lock();  // waits
    [[nodiscard]] Result<Locked> try_lock();
    [[nodiscard]] Result<> unlock();

    [[nodiscard]] MutexKind kind() const { return kind_; }
    // Of a file lock; -1 otherwise.
    [[nodiscard]] int fd() const { return file_.get(); }

private:
    explicit ProcessMutex(MutexKind kind) : kind_(kind) {}
    [[nodiscard]] Result<Locked> acquire(bool wait);
    [[nodiscard]] Result<Locked> acquire_memory(bool wait);
    [[nodiscard]] Result<Locked> acquire_file(bool wait);

    MutexKind kind_;
    std::shared_ptr<MappedMemory> memory_;  // shared with for_child() objects: same address space
    UniqueFd file_;
};

}  // namespace mpmd::os

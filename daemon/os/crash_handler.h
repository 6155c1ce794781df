#pragma once

// The five fatal signals (P-23): a handler that lets the process leave word, goes to the directory
// for core files and dies of the same signal, so that whoever waits for it sees the true cause.
// QUIT is left to the system.
//
// Everything that runs inside is async-signal-safe and works on memory that is there before. The
// thread that falls first speaks; others that fall meanwhile wait for the end.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mpmd::os {

struct Fatal {
    int signal = 0;
    const void* address = nullptr;  // that was touched; null when the signal was sent
    const void* context = nullptr;  // ucontext_t, for stack_of()
};
using LastWord = void (*)(const Fatal&);  // async-signal-safe; null: nothing to say

// For the process; again to change directory or word. Single-threaded at that moment.
void install_crash_handler(const std::string& directory, LastWord last_word);

// Return addresses of the thread that fell, innermost first; how many. Async-signal-safe once
// install_crash_handler() has run (the unwinder is loaded there).
[[nodiscard]] std::size_t stack_of(const Fatal& fatal, std::span<std::uint64_t> frames);

// Where the handler runs when the thread's own stack is used up. Held by the thread it is for.
class AlternateStack {
public:
    AlternateStack();
    ~AlternateStack();
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

private:
    void* memory_ = nullptr;
};

// "mpmd+0x1f3a2": the file an address belongs to and the place in it, as addr2line takes it; "" for
// none. Of this process, which a forked one shares.
[[nodiscard]] std::string place_of(std::uint64_t address);

// After a change of user, which forbids it: this process may leave a core file, as large as the
// hard limit allows (P-24).
void allow_core_files();

}  // namespace mpmd::os

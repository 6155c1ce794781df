#pragma once

// What a dying child leaves in its own extent (EnableExceptionHook, P-25): the supervisor moves it
// to the ring of crashes when it reaps. Only the child's memory can be written from here, and only
// what is async-signal-safe is done there.

#include <cstdint>
#include <string>

#include "daemon/http/request.h"
#include "daemon/os/crash_handler.h"
#include "daemon/scoreboard/extent.h"

namespace mpmd::child {

// Main thread, before there are others. Without `record` the child just dies in `directory`.
void install_crash_note(const scoreboard::Extent& extent,
                        const std::string& directory,
                        bool record);

// Held by each thread for as long as it runs: who it is, and a stack for the handler.
class CrashWitness {
public:
    explicit CrashWitness(std::int32_t thread);  // worker; kListenerThread, kMainThread

private:
    os::AlternateStack stack_;
};

// While it lives, this thread answers that request.
class AnsweringMark {
public:
    explicit AnsweringMark(const http::Request& request);
    ~AnsweringMark();
    AnsweringMark(const AnsweringMark&) = delete;
    AnsweringMark& operator=(const AnsweringMark&) = delete;
};

}  // namespace mpmd::child

#include "daemon/child/crash_note.h"

#include <algorithm>
#include <cstring>

#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/child/score.h"

namespace mpmd::child {

namespace {

using scoreboard::CrashNote;

// A signal handler has nothing else to ask. NOLINTBEGIN(*-avoid-non-const-global-variables)
scoreboard::Extent g_extent;  // constant once threads run
thread_local std::int32_t t_thread = scoreboard::kMainThread;
thread_local const http::Request* t_request = nullptr;
// NOLINTEND(*-avoid-non-const-global-variables)

void put_request(CrashNote& note) {
    if (t_request == nullptr) return;
    put_text(note.method, t_request->method_text);
    put_text(note.target, t_request->target);
}

void leave_note(const os::Fatal& fatal) {
    CrashNote note{};
    note.signal = static_cast<std::uint32_t>(fatal.signal);
    note.thread = t_thread;
    note.tid = static_cast<std::uint32_t>(::syscall(SYS_gettid));
    note.address = reinterpret_cast<std::uint64_t>(fatal.address);
    g_extent.crash_note().write(note);
    // Each step may meet what broke us: what was said before stays.
    put_request(note);
    g_extent.crash_note().write(note);
    note.frames = static_cast<std::uint32_t>(os::stack_of(fatal, note.stack));
    g_extent.crash_note().write(note);
}

}  // namespace

void install_crash_note(const scoreboard::Extent& extent,
                        const std::string& directory,
                        bool record) {
    g_extent = extent;
    os::install_crash_handler(directory, record ? leave_note : nullptr);
}

CrashWitness::CrashWitness(std::int32_t thread) {
    t_thread = thread;
}

AnsweringMark::AnsweringMark(const http::Request& request) {
    t_request = &request;
}

AnsweringMark::~AnsweringMark() {
    t_request = nullptr;
}

}  // namespace mpmd::child

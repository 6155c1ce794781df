#include "daemon/os/crash_handler.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <string_view>

#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <fmt/format.h>

namespace mpmd::os {

namespace {

constexpr std::array kFatalSignals = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
constexpr std::size_t kAlternateStack = std::size_t{64} * 1024;  // the unwinder wants some
constexpr std::size_t kHandlerFrames = 8;  // most that handler and kernel put on top of the stack

// A handler has no other place to know things from. Written before threads exist.
struct {
    std::array<char, PATH_MAX> directory{};
    LastWord last_word = nullptr;
    std::atomic<bool> fallen{false};
} g_handler;

std::uint64_t program_counter(const void* context) {
    if (context == nullptr) return 0;
    const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return machine.pc;
#else
    static_cast<void>(machine);
    return 0;
#endif
}

void die_of(int signal) {
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    (void)::sigaction(signal, &plain, nullptr);
    (void)::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), signal);
    sigset_t now;
    ::sigemptyset(&now);
    ::sigaddset(&now, signal);
    (void)::sigprocmask(SIG_UNBLOCK, &now, nullptr);  // of this thread: here it dies
    ::_exit(128 + signal);
}

void handle(int signal, siginfo_t* about, void* context) {
    if (g_handler.fallen.exchange(true)) {
        for (;;)
            ::pause();
    }
    const bool sent = about == nullptr || about->si_code <= 0;
    const Fatal fatal{signal, sent ? nullptr : about->si_addr, context};
    if (g_handler.last_word != nullptr) g_handler.last_word(fatal);
    if (g_handler.directory[0] != '\0') (void)!::chdir(g_handler.directory.data());
    die_of(signal);
}

}  // namespace

void install_crash_handler(const std::string& directory, LastWord last_word) {
    const std::size_t length = std::min(directory.size(), g_handler.directory.size() - 1);
    directory.copy(g_handler.directory.data(), length);
    g_handler.directory[length] = '\0';
    g_handler.last_word = last_word;
    // The first call loads the unwinder, which allocates.
    std::array<void*, 2> ignored{};
    (void)::backtrace(ignored.data(), static_cast<int>(ignored.size()));

    struct sigaction action {};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    // A second fault inside is blocked, and then the kernel ends us at once.
    ::sigfillset(&action.sa_mask);
    for (const int signal : kFatalSignals)
        (void)::sigaction(signal, &action, nullptr);
}

std::size_t stack_of(const Fatal& fatal, std::span<std::uint64_t> frames) {
    std::array<void*, 64> all{};
    const int got = ::backtrace(all.data(), static_cast<int>(all.size()));
    const std::size_t count = got > 0 ? static_cast<std::size_t>(got) : 0;
    std::size_t first = 0;
    const std::uint64_t here = program_counter(fatal.context);
    for (std::size_t i = 0; i < std::min(count, kHandlerFrames); ++i)
        if (reinterpret_cast<std::uint64_t>(all[i]) == here) first = i;
    const std::size_t kept = std::min(count - first, frames.size());
    for (std::size_t i = 0; i < kept; ++i)
        frames[i] = reinterpret_cast<std::uint64_t>(all[first + i]);
    return kept;
}

AlternateStack::AlternateStack() {
    memory_ = ::mmap(nullptr, kAlternateStack, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) {
        memory_ = nullptr;
        return;  // it then falls without a word
    }
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = kAlternateStack;
    (void)::sigaltstack(&stack, nullptr);
}

AlternateStack::~AlternateStack() {
    if (memory_ == nullptr) return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    (void)::sigaltstack(&none, nullptr);
    (void)::munmap(memory_, kAlternateStack);
}

std::string place_of(std::uint64_t address) {
    Dl_info about{};
    if (address == 0 || ::dladdr(reinterpret_cast<const void*>(address), &about) == 0) return {};
    const std::string_view path = about.dli_fname == nullptr ? "" : about.dli_fname;
    return fmt::format("{}+{:#x}", path.substr(path.rfind('/') + 1),
                       address - reinterpret_cast<std::uint64_t>(about.dli_fbase));
}

void allow_core_files() {
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace mpmd::os

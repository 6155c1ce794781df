#include "daemon/handlers/spawn_script.h"

#include <array>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mpmd::handlers {

namespace {

struct Pipe {
    os::UniqueFd reader;
    os::UniqueFd writer;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::os("pipe2"));
    Pipe pipe{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return fail(Error::os("fcntl"));
    return pipe;
}

// What the new process does before it executes the program.
class Actions {
public:
    Actions() { ::posix_spawn_file_actions_init(&actions_); }
    ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;

    void become(int fd, int target) {
        note(::posix_spawn_file_actions_adddup2(&actions_, fd, target));
    }
    void open_empty(int target) {
        note(::posix_spawn_file_actions_addopen(&actions_, target, "/dev/null", O_RDONLY, 0));
    }
    void change_directory(const std::string& to) {
        note(::posix_spawn_file_actions_addchdir_np(&actions_, to.c_str()));
    }
    void close_from(int first) {
        note(::posix_spawn_file_actions_addclosefrom_np(&actions_, first));
    }
    [[nodiscard]] int error() const { return error_; }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    void note(int error) {
        if (error_ == 0) error_ = error;
    }
    posix_spawn_file_actions_t actions_{};
    int error_ = 0;
};

class Attributes {
public:
    Attributes() {
        ::posix_spawnattr_init(&attributes_);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts)
        out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<SpawnedScript> spawn_script(const ScriptPlan& plan) {
    Pipe output = TRY(make_pipe());
    Pipe errors = TRY(make_pipe());
    Actions actions;
    if (plan.input >= 0)
        actions.become(plan.input, STDIN_FILENO);
    else
        actions.open_empty(STDIN_FILENO);
    actions.become(output.writer.get(), STDOUT_FILENO);
    actions.become(errors.writer.get(), STDERR_FILENO);
    actions.change_directory(plan.directory);
    actions.close_from(STDERR_FILENO + 1);
    if (actions.error() != 0) return fail(Error::os("posix_spawn_file_actions", actions.error()));

    const Attributes attributes;
    const std::vector<char*> arguments = pointers(plan.arguments);
    const std::vector<char*> environment = pointers(plan.environment);
    SpawnedScript script;
    const int refused = ::posix_spawn(&script.pid, plan.program.c_str(), actions.get(),
                                      attributes.get(), arguments.data(), environment.data());
    if (refused != 0) return fail(Error::os("posix_spawn", refused));
    // It is our child and nobody reaps it but us: the number cannot mean another process yet.
    script.process = os::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, script.pid, 0U)));
    script.output = std::move(output.reader);
    script.errors = std::move(errors.reader);
    return script;
}

}  // namespace mpmd::handlers

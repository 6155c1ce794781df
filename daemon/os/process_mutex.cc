#include "daemon/os/process_mutex.h"

#include <cerrno>
#include <cstdlib>
#include <new>

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

namespace mpmd::os {

namespace {

pthread_mutex_t* mutex_in(const MappedMemory& memory) {
    return reinterpret_cast<pthread_mutex_t*>(memory.data());
}

// OFD: of the open file, as flock's, so that no other descriptor of the process can drop it.
int record_lock(int fd, short type, bool wait) {
    struct flock whole {};
    whole.l_type = type;
    whole.l_whence = SEEK_SET;
    return ::fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole);
}

int file_lock(MutexKind kind, int fd, bool wait) {
    int result = 0;
    do {
        result = kind == MutexKind::Flock ? ::flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB))
                                          : record_lock(fd, F_WRLCK, wait);
    } while (result < 0 && errno == EINTR);
    return result;
}

Result<> prepare_mutex(pthread_mutex_t* mutex) {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    int refused = ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (refused == 0) refused = ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (refused == 0) refused = ::pthread_mutex_init(mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    if (refused != 0) return fail(Error::os("pthread_mutex_init", refused));
    return {};
}

}  // namespace

std::string_view to_text(MutexKind kind) {
    switch (kind) {
        case MutexKind::Pthread:
            return "pthread";
        case MutexKind::Flock:
            return "flock";
        case MutexKind::Fcntl:
            return "fcntl";
    }
    return "pthread";
}

Result<ProcessMutex> ProcessMutex::in_memory() {
    ProcessMutex mutex(MutexKind::Pthread);
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const UniqueFd file = TRY(memory_file("mpmd-mutex", size));
    mutex.memory_ =
        std::make_shared<MappedMemory>(TRY(MappedMemory::map(file.get(), size, Access::ReadWrite)));
    TRY_VOID(prepare_mutex(mutex_in(*mutex.memory_)));
    return mutex;
}

Result<ProcessMutex> ProcessMutex::in_file(MutexKind kind, const std::string& path) {
    ProcessMutex mutex(kind);
    ::unlink(path.c_str());
    mutex.file_.reset(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!mutex.file_) return fail(Error::os("cannot make the lock file " + path));
    return mutex;
}

Result<ProcessMutex> ProcessMutex::for_child() const {
    ProcessMutex mutex(kind_);
    mutex.memory_ = memory_;
    if (!file_) return mutex;
    // Opened anew, through the descriptor: that the name is still there does not matter.
    const std::string name = fmt::format("/proc/self/fd/{}", file_.get());
    mutex.file_.reset(::open(name.c_str(), O_RDWR | O_CLOEXEC));
    if (!mutex.file_) return fail(Error::os("cannot open the lock file again"));
    return mutex;
}

Result<ProcessMutex::Locked> ProcessMutex::lock() {
    return acquire(true);
}

Result<ProcessMutex::Locked> ProcessMutex::try_lock() {
    return acquire(false);
}

Result<ProcessMutex::Locked> ProcessMutex::acquire(bool wait) {
    return kind_ == MutexKind::Pthread ? acquire_memory(wait) : acquire_file(wait);
}

Result<ProcessMutex::Locked> ProcessMutex::acquire_memory(bool wait) {
    pthread_mutex_t* const mutex = mutex_in(*memory_);
    const int result = wait ? ::pthread_mutex_lock(mutex) : ::pthread_mutex_trylock(mutex);
    if (result == 0) return Locked::Yes;
    if (result == EBUSY) return Locked::No;
    if (result != EOWNERDEAD) return fail(Error::os("pthread_mutex_lock", result));
    // It guards no data: nothing has to be made consistent but itself.
    ::pthread_mutex_consistent(mutex);
    return Locked::Recovered;
}

Result<ProcessMutex::Locked> ProcessMutex::acquire_file(bool wait) {
    if (file_lock(kind_, file_.get(), wait) == 0) return Locked::Yes;
    if (!wait && (errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES)) return Locked::No;
    return fail(Error::os(kind_ == MutexKind::Flock ? "flock" : "fcntl(F_OFD_SETLKW)"));
}

Result<> ProcessMutex::unlock() {
    if (kind_ == MutexKind::Pthread) {
        const int refused = ::pthread_mutex_unlock(mutex_in(*memory_));
        if (refused != 0) return fail(Error::os("pthread_mutex_unlock", refused));
        return {};
    }
    const int result = kind_ == MutexKind::Flock ? ::flock(file_.get(), LOCK_UN)
                                                 : record_lock(file_.get(), F_UNLCK, false);
    if (result < 0) return fail(Error::os("unlocking the lock file"));
    return {};
}

}  // namespace mpmd::os

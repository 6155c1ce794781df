#include "daemon/control/store_writer.h"

#include <pthread.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::control {

StoreWriter::~StoreWriter() {
    stop();
}

void StoreWriter::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "store");
        run();
    });
}

void StoreWriter::stop() {
    {
        const os::Lock lock(mutex_);
        stopping_ = true;
        stop_by_ = os::mono_now() + parts_.last_writes;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

bool StoreWriter::audit(store::AuditEntry entry) {
    const os::Lock lock(mutex_);
    if (jobs_.size() >= parts_.most_waiting) {
        ++lost_;
        ++lost_unwritten_;
        return false;
    }
    Job job;
    job.audit = std::move(entry);
    job.lost_before = std::exchange(lost_unwritten_, 0);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
    return true;
}

void StoreWriter::keep(store::Operation operation) {
    // A queue that is full: the scoreboard still has it, next time.
    (void)later([kept = std::move(operation)](store::Database& database) {
        (void)store::Operations(database).keep(kept);
    });
}

bool StoreWriter::later(std::function<void(store::Database&)> work) {
    const os::Lock lock(mutex_);
    if (jobs_.size() >= parts_.most_waiting) return false;
    Job job;
    job.work = std::move(work);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
    return true;
}

Outcome<> StoreWriter::ask(std::function<void(store::Database&)> work) {
    const os::Lock lock(mutex_);
    if (!open_ || stopping_)
        return refuse({Code::Unavailable,
                       "STORE_OPENING",
                       "the database of past operations is not open yet; try again in a moment",
                       {{"retry_seconds", "1"}},
                       {}});
    if (jobs_.size() >= parts_.most_waiting)
        return refuse({Code::ResourceExhausted,
                       "QUEUE_FULL",
                       fmt::format("{} requests wait for the database", jobs_.size()),
                       {{"waiting", fmt::format("{}", jobs_.size())}},
                       {}});
    Job job;
    job.work = std::move(work);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
    return {};
}

std::uint64_t StoreWriter::lost() const {
    const os::Lock lock(mutex_);
    return lost_;
}

void StoreWriter::complain(const std::string& what) {
    if (what == last_complaint_) return;
    last_complaint_ = what;
    parts_.log(what);
}

void StoreWriter::open() {
    auto opened = store::Database::open(parts_.path);
    if (!opened) {
        complain(opened.error().message + "; the audit waits and is tried again");
        return;
    }
    if (!opened->notice.empty()) parts_.log(opened->notice);
    database_ = std::move(opened->database);
    last_complaint_.clear();
    const os::Lock lock(mutex_);
    open_ = true;
}

std::optional<StoreWriter::Job> StoreWriter::take() {
    const os::Lock lock(mutex_);
    if (!database_ || jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
}

void StoreWriter::put_back(Job job) {
    const os::Lock lock(mutex_);
    jobs_.push_front(std::move(job));
}

bool StoreWriter::rest(Turn turn) {
    const os::Lock lock(mutex_);
    if (turn == Turn::Worked) return !stopping_ || (!jobs_.empty() && os::mono_now() < stop_by_);
    if (stopping_) return turn == Turn::Idle && !jobs_.empty();
    if (turn == Turn::Stuck) {
        changed_.wait_for(mutex_, parts_.retry);
        return true;
    }
    while (jobs_.empty() && !stopping_)
        changed_.wait(mutex_);
    return true;
}

bool StoreWriter::perform(Job& job) {
    if (!job.audit) {
        job.work(*database_);
        return true;
    }
    const auto number = store::Audit(*database_).append(*job.audit, job.lost_before);
    if (number) {
        last_complaint_.clear();
        return true;
    }
    complain(
        fmt::format("cannot write the audit: {}{}", number.error().message,
                    store::disk_full(number.error()) ? "; make room on the disk: rows wait" : ""));
    return false;
}

// The system's log has every row, also while the database cannot take it.
void StoreWriter::announce_waiting() {
    for (;;) {
        std::optional<store::AuditEntry> entry;
        {
            const os::Lock lock(mutex_);
            for (Job& job : jobs_) {
                if (!job.audit || job.announced) continue;
                job.announced = true;
                entry = *job.audit;
                break;
            }
        }
        if (!entry) return;
        parts_.announce(*entry);
    }
}

void StoreWriter::run() {
    Turn turn = Turn::Idle;
    do {
        if (!database_) open();
        announce_waiting();
        std::optional<Job> job = take();
        turn = !database_ ? Turn::Stuck : Turn::Idle;
        if (!job) continue;
        turn = perform(*job) ? Turn::Worked : Turn::Stuck;
        if (turn == Turn::Stuck) put_back(std::move(*job));
    } while (rest(turn));
}

}  // namespace mpmd::control

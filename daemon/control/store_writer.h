#pragma once

// The one thread that touches the database: audit rows and operations in, past operations out.
//
// The API is up before the store is: rows wait in a bounded queue, questions about the past are
// refused with STORE_OPENING. When the disk is full or the database cannot be opened, rows wait and
// it is tried again; rows that no longer fit are lost, said in the log, and leave their numbers
// unused (store/audit.h). Any thread may call.

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "daemon/base/time.h"
#include "daemon/control/failure.h"
#include "daemon/os/mutex.h"
#include "store/audit.h"
#include "store/operations.h"

namespace mpmd::control {

class StoreWriter {
public:
    struct Parts {
        std::string path;
        std::function<void(const std::string&)> log;
        // Also tells the system's log of each row, before the database has it; may block a little.
        std::function<void(const store::AuditEntry&)> announce;
        std::size_t most_waiting = 4096;
        Milliseconds retry{1000};
        Milliseconds last_writes{2000};  // for what still waits when it is told to stop
    };
    explicit StoreWriter(Parts parts) : parts_(std::move(parts)) {}
    ~StoreWriter();
    void start();
    // Writes what waits, for two seconds at most, and joins.
    void stop() EXCLUDES(mutex_);

    // False: the queue is full, the row is lost.
    bool audit(store::AuditEntry entry) EXCLUDES(mutex_);
    void keep(store::Operation operation) EXCLUDES(mutex_);
    // `work` on the store's thread as soon as there is a database, after all that was given before.
    // False: the queue is full.
    bool later(std::function<void(store::Database&)> work) EXCLUDES(mutex_);
    // `work` on the store's thread, soon; or the reason why not, at once.
    [[nodiscard]] Outcome<> ask(std::function<void(store::Database&)> work) EXCLUDES(mutex_);

    [[nodiscard]] std::uint64_t lost() const EXCLUDES(mutex_);

private:
    struct Job {
        std::optional<store::AuditEntry> audit;
        std::uint64_t lost_before = 0;
        bool announced = false;
        std::function<void(store::Database&)> work;
    };

    void run();
    void open();
    // False: to be tried again later.
    [[nodiscard]] bool perform(Job& job);
    enum class Turn : std::uint8_t { Worked, Idle, Stuck };
    // Waits for the next turn. False: stop.
    [[nodiscard]] bool rest(Turn turn) EXCLUDES(mutex_);
    [[nodiscard]] std::optional<Job> take() EXCLUDES(mutex_);
    void put_back(Job job) EXCLUDES(mutex_);
    void announce_waiting();
    void complain(const std::string& what);

    const Parts parts_;

    // the thread's own
    std::optional<store::Database> database_;
    std::string last_complaint_;

    mutable os::Mutex mutex_;
    os::CondVar changed_;
    std::deque<Job> jobs_ GUARDED_BY(mutex_);
    bool open_ GUARDED_BY(mutex_) = false;
    bool stopping_ GUARDED_BY(mutex_) = false;
    MonoTime stop_by_ GUARDED_BY(mutex_){};
    std::uint64_t lost_ GUARDED_BY(mutex_) = 0;
    std::uint64_t lost_unwritten_ GUARDED_BY(mutex_) = 0;
    std::thread thread_;
};

}  // namespace mpmd::control

#include "daemon/supervisor/file_writer.h"

#include "daemon/supervisor/spawn.h"
#include "daemon/supervisor/state_dir.h"

namespace mpmd::supervisor {

void FileWriter::write(std::string path, std::string content, Done done) {
    jobs_.push_back(Job{std::move(path), std::move(content), std::move(done)});
    if (pid_ == 0) start_next();
}

void FileWriter::start_next() {
    while (!jobs_.empty()) {
        const Job& job = jobs_.front();
        const auto pid =
            fork_writer([&job] { return replace_file(job.path, job.content) ? 0 : 1; });
        if (pid) {
            pid_ = *pid;
            return;
        }
        const Done done = std::move(jobs_.front().done);
        jobs_.pop_front();
        done(false);
    }
}

bool FileWriter::exited(const os::Ended& ended) {
    if (pid_ == 0 || ended.pid != pid_) return false;
    pid_ = 0;
    const Done done = std::move(jobs_.front().done);
    jobs_.pop_front();
    done(!ended.signal && ended.exit_status == 0);
    if (pid_ == 0) start_next();
    return true;
}

}  // namespace mpmd::supervisor

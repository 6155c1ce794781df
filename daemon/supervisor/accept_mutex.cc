#include "daemon/supervisor/accept_mutex.h"

#include <algorithm>

#include <unistd.h>

#include <fmt/format.h>

#include "daemon/supervisor/state_dir.h"

namespace mpmd::supervisor {

namespace {

using config::MutexChoice;
using config::MutexMechanism;

const MutexChoice* find(const config::Settings& settings, std::string_view name) {
    const auto found = std::find_if(settings.mutexes.begin(), settings.mutexes.end(),
                                    [&](const MutexChoice& choice) { return choice.name == name; });
    return found == settings.mutexes.end() ? nullptr : &*found;
}

// D-43 refuses none for mpm-accept; as the default of all mutexes it does not reach this one.
os::MutexKind kind_of(MutexMechanism mechanism) {
    switch (mechanism) {
        case MutexMechanism::Flock:
            return os::MutexKind::Flock;
        case MutexMechanism::Fcntl:
            return os::MutexKind::Fcntl;
        case MutexMechanism::Default:
        case MutexMechanism::Pthread:
        case MutexMechanism::None:
            break;
    }
    return os::MutexKind::Pthread;
}

// D-42: the mutex by its name, the default of all, ours.
MutexChoice chosen(const config::Settings& settings) {
    const MutexChoice* const named = find(settings, "mpm-accept");
    const MutexChoice* const general = find(settings, "default");
    if (named != nullptr) return *named;
    return general == nullptr ? MutexChoice{} : *general;
}

}  // namespace

AcceptMutexPlan plan_accept_mutex(const config::Settings& settings,
                                  std::size_t sockets,
                                  std::size_t buckets,
                                  const std::string& run_directory) {
    AcceptMutexPlan plan;
    if (settings.limits.model != mpm::Model::Worker || sockets < 2) return plan;
    const MutexChoice choice = chosen(settings);
    plan.kind = kind_of(choice.mechanism);
    plan.buckets = buckets;
    if (*plan.kind == os::MutexKind::Pthread) return plan;
    plan.directory = choice.directory.empty() ? run_directory : choice.directory;
    plan.omit_pid = choice.omit_pid;
    return plan;
}

AcceptMutexes& AcceptMutexes::operator=(AcceptMutexes&& other) noexcept {
    if (this == &other) return *this;
    const auto is_theirs = [&other](const std::string& file) {
        return std::find(other.files_.begin(), other.files_.end(), file) != other.files_.end();
    };
    files_.erase(std::remove_if(files_.begin(), files_.end(), is_theirs), files_.end());
    remove_files();
    plan_ = std::move(other.plan_);
    mutexes_ = std::move(other.mutexes_);
    files_ = std::exchange(other.files_, {});
    return *this;
}

Result<AcceptMutexes> AcceptMutexes::create(const AcceptMutexPlan& plan,
                                            const std::optional<os::Identity>& children) {
    AcceptMutexes made;
    made.plan_ = plan;
    if (!plan.kind) return made;
    for (std::size_t bucket = 0; bucket < plan.buckets; ++bucket) {
        if (*plan.kind == os::MutexKind::Pthread) {
            made.mutexes_.push_back(TRY(os::ProcessMutex::in_memory()));
            continue;
        }
        const std::string file =
            plan.omit_pid ? fmt::format("{}/mpm-accept-{}", plan.directory, bucket)
                          : fmt::format("{}/mpm-accept-{}.{}", plan.directory, bucket, ::getpid());
        TRY_VOID(make_directories(plan.directory));
        made.mutexes_.push_back(TRY(os::ProcessMutex::in_file(*plan.kind, file)));
        made.files_.push_back(file);
        if (children &&
            ::fchown(made.mutexes_.back().fd(), children->uid, static_cast<gid_t>(-1)) < 0)
            return fail(Error::os("chown").context(file));
    }
    return made;
}

std::string_view AcceptMutexes::text() const {
    return plan_.kind ? os::to_text(*plan_.kind) : "none";
}

Result<std::optional<os::ProcessMutex>> AcceptMutexes::for_child(std::size_t bucket) const {
    if (mutexes_.empty()) return std::optional<os::ProcessMutex>();
    return TRY(mutexes_[bucket % mutexes_.size()].for_child());
}

void AcceptMutexes::remove_files() {
    for (const std::string& file : files_)
        (void)::unlink(file.c_str());
    files_.clear();
}

}  // namespace mpmd::supervisor

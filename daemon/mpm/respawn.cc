#include "daemon/mpm/respawn.h"

#include <algorithm>

namespace mpmd::mpm {

bool Respawn::early(const Death& death, MonoTime now) const {
    if (death.retiring) return false;
    if (!death.was_ready) return true;
    const bool bad = death.signal.has_value() || death.exit_status != 0;
    return bad && now - death.born < kEarlyLife;
}

// 1, 2, 4 ... 30 s
void Respawn::pause(MonoTime now, int failures) {
    const int doublings = std::min(failures - 1, 5);
    const Seconds length = std::min(Seconds{std::int64_t{1} << doublings}, kLongestPause);
    paused_until_ = std::max(paused_until_, now + length);
}

Verdict Respawn::child_died(const Death& death, MonoTime now) {
    Verdict verdict;
    if (early(death, now)) {
        if (early_deaths_++ == 0) first_early_death_ = now;
        if (early_deaths_ > kImmediateReplacements)
            pause(now, early_deaths_ - kImmediateReplacements);
        verdict.alarm = early_deaths_ % kAlarmAfterEarlyDeaths == 0;
    }
    verdict.early_deaths = early_deaths_;
    verdict.paused_until = paused_until(now);

    if (death.signal) {
        ++signal_deaths_;
        verdict.warn = signal_deaths_ % 10 == kImmediateReplacements + 1;
        const bool wanted = !death.retiring && !death.replaced_elsewhere;
        if (wanted && signal_deaths_ <= kImmediateReplacements && may_fork(now))
            verdict.action = Verdict::Action::ReplaceNow;
        return verdict;
    }
    if (death.exit_status == kExitFatal) {
        if (death.current_generation) verdict.action = Verdict::Action::StopServer;
        verdict.sick = !death.current_generation;
        verdict.warn = !death.current_generation;
    }
    if (death.exit_status == kExitSick) verdict.sick = true;
    return verdict;
}

MonoTime Respawn::fork_failed(MonoTime now) {
    pause(now, ++fork_failures_);
    return paused_until_;
}

void Respawn::tick(std::optional<MonoTime> proven) {
    signal_deaths_ = 0;
    if (early_deaths_ > 0 && proven && *proven >= first_early_death_) early_deaths_ = 0;
}

std::optional<MonoTime> Respawn::paused_until(MonoTime now) const {
    if (may_fork(now)) return std::nullopt;
    return paused_until_;
}

}  // namespace mpmd::mpm

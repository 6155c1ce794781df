#include "daemon/mpm/limits.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace mpmd::mpm {

namespace {

using Severity = Adjustment::Severity;

constexpr std::string_view kStartServers = "StartServers";
constexpr std::string_view kServerLimit = "ServerLimit";
constexpr std::string_view kThreadLimit = "ThreadLimit";
constexpr std::string_view kThreadsPerChild = "ThreadsPerChild";
constexpr std::string_view kMaxRequestWorkers = "MaxRequestWorkers";
constexpr std::string_view kMinSpareThreads = "MinSpareThreads";
constexpr std::string_view kMaxSpareThreads = "MaxSpareThreads";
constexpr std::string_view kFactor = "AsyncRequestWorkerFactor";

std::int64_t max_thread_limit(Model model) {
    return model == Model::Event ? kMaxThreadLimitEvent : kMaxThreadLimitWorker;
}

// The rules in order; each changes one value and says so.
class Normaliser {
public:
    Normaliser(const Limits& requested, std::int64_t buckets)
        : out_{requested, {}}, buckets_(buckets) {}

    void bound_capacities(std::int64_t hard_children, std::int64_t hard_threads) {
        Limits& l = out_.limits;
        at_most(l.server_limit, kMaxServerLimit, "N1", kServerLimit, "no server may have more");
        at_least(l.server_limit, 1, "N1b", kServerLimit, "there must be one");
        at_most(l.server_limit, hard_children, "N2", kServerLimit,
                "the scoreboard of this run holds no more");
        at_most(l.thread_limit, max_thread_limit(l.model), "N3", kThreadLimit,
                "no child may have more");
        at_least(l.thread_limit, 1, "N3b", kThreadLimit, "there must be one");
        at_most(l.thread_limit, hard_threads, "N4", kThreadLimit,
                "the scoreboard of this run holds no more");
    }

    void bound_threads() {
        Limits& l = out_.limits;
        at_most(l.threads_per_child, l.thread_limit, "N5", kThreadsPerChild,
                fmt::format("it cannot exceed ThreadLimit ({})", l.thread_limit));
        at_least(l.threads_per_child, 1, "N5b", kThreadsPerChild, "there must be one");
        at_least(l.max_request_workers, l.threads_per_child, "N6", kMaxRequestWorkers,
                 fmt::format("it cannot be below ThreadsPerChild ({})", l.threads_per_child));
        const std::int64_t servers = l.active_limit();  // N7
        set(l.max_request_workers, servers * l.threads_per_child, "N8", kMaxRequestWorkers,
            fmt::format("it is not a multiple of ThreadsPerChild ({}); {} servers",
                        l.threads_per_child, servers));
        at_most(l.max_request_workers, l.server_limit * l.threads_per_child, "N9",
                kMaxRequestWorkers,
                fmt::format("it exceeds ServerLimit x ThreadsPerChild ({} x {})", l.server_limit,
                            l.threads_per_child));
    }

    void bound_spares() {
        Limits& l = out_.limits;
        at_least(l.start_servers, 1, "N10", kStartServers, "there must be one");
        at_least(l.min_spare_threads, 1, "N11", kMinSpareThreads, "there must be one");
        bound_buckets();
        at_least(
            l.max_spare_threads, least_max_spare(l), "N15", kMaxSpareThreads,
            fmt::format("it must be at least MinSpareThreads ({}) + ThreadsPerChild ({}) + 1{}",
                        l.min_spare_threads, l.threads_per_child,
                        buckets_ > 1 ? fmt::format(" for each of {} buckets", buckets_) : ""));
        at_most(l.start_servers, l.active_limit(), "N16", kStartServers,
                fmt::format("MaxRequestWorkers allows {} servers", l.active_limit()),
                Severity::Notice);
        at_least(l.async_factor_micro, kFactorUnit, "E-10", kFactor, "it cannot be below 1",
                 Severity::Notice);
    }

    Normalised take() { return std::move(out_); }

private:
    std::int64_t least_max_spare(const Limits& l) const {
        return l.min_spare_threads + (l.threads_per_child + 1) * buckets_;
    }

    // N12 to N14: one child and some spare threads for each bucket. They cannot fire with one
    // bucket.
    void bound_buckets() {
        Limits& l = out_.limits;
        const std::string because = fmt::format("there are {} buckets", buckets_);
        at_least(l.server_limit, buckets_, "N12", kServerLimit, because, Severity::Notice);
        at_least(l.max_request_workers, buckets_ * l.threads_per_child, "N12", kMaxRequestWorkers,
                 because, Severity::Notice);
        at_least(l.start_servers, buckets_, "N13", kStartServers, because, Severity::Notice);
        at_least(l.min_spare_threads, l.threads_per_child * (buckets_ - 1) + buckets_, "N14",
                 kMinSpareThreads, because, Severity::Notice);
    }

    void set(std::int64_t& value,
             std::int64_t effective,
             std::string_view rule,
             std::string_view directive,
             std::string because,
             Severity severity = Severity::Warning) {
        if (value == effective) return;
        out_.adjustments.push_back(Adjustment{std::string(rule), std::string(directive), value,
                                              effective, std::move(because), severity});
        value = effective;
    }
    void at_most(std::int64_t& value,
                 std::int64_t most,
                 std::string_view rule,
                 std::string_view directive,
                 std::string because,
                 Severity severity = Severity::Warning) {
        set(value, std::min(value, most), rule, directive, std::move(because), severity);
    }
    void at_least(std::int64_t& value,
                  std::int64_t least,
                  std::string_view rule,
                  std::string_view directive,
                  std::string because,
                  Severity severity = Severity::Warning) {
        set(value, std::max(value, least), rule, directive, std::move(because), severity);
    }

    Normalised out_;
    std::int64_t buckets_;
};

std::string factor_text(std::int64_t micro) {
    return fmt::format("{}", static_cast<double>(micro) / static_cast<double>(kFactorUnit));
}

std::string value_text(std::string_view directive, std::int64_t value) {
    return directive == kFactor ? factor_text(value) : fmt::format("{}", value);
}

// Values that satisfy the broken rule, in terms of the set `valid` that normalise() made.
std::vector<std::int64_t> nearest_values(const Adjustment& broken, const Limits& valid) {
    if (broken.rule != "N8") return {broken.effective};
    const std::int64_t step = valid.threads_per_child;
    const std::int64_t above = (broken.requested / step + 1) * step;
    if (above > valid.server_limit * step) return {broken.effective};
    return {broken.requested / step * step, above};
}

// Why the value as asked for cannot hold.
std::string conflict_of(const Adjustment& broken, const Limits& wanted) {
    const std::string value = value_text(broken.directive, broken.requested);
    const std::int64_t tpc = wanted.threads_per_child;
    if (broken.rule == "N5")
        return fmt::format("{} exceeds ThreadLimit ({})", value, wanted.thread_limit);
    if (broken.rule == "N6") return fmt::format("{} is below ThreadsPerChild ({})", value, tpc);
    if (broken.rule == "N8")
        return fmt::format("{} is not a multiple of ThreadsPerChild ({})", value, tpc);
    if (broken.rule == "N9")
        return fmt::format("{} exceeds ServerLimit x ThreadsPerChild ({} x {})", value,
                           wanted.server_limit, tpc);
    if (broken.rule == "N15")
        return fmt::format("{} is below MinSpareThreads ({}) + ThreadsPerChild ({}) + 1", value,
                           wanted.min_spare_threads, tpc);
    const bool above = broken.requested > broken.effective;
    return fmt::format("{} is {} {}", value, above ? "above" : "below",
                       value_text(broken.directive, broken.effective));
}

// The other directive that could be changed instead, with a leading ", or "; "" when there is none.
std::string other_way(const Adjustment& broken, const Limits& wanted) {
    const std::int64_t tpc = wanted.threads_per_child;
    if (broken.rule == "N5") return fmt::format(", or {} {}", kThreadLimit, broken.requested);
    if (broken.rule == "N9")
        return fmt::format(", or {} {}", kServerLimit, (broken.requested + tpc - 1) / tpc);
    const std::int64_t min_spare = broken.requested - tpc - 1;
    if (broken.rule == "N15" && min_spare >= 1)
        return fmt::format(", or {} {}", kMinSpareThreads, min_spare);
    return "";
}

std::string violation_message(const Adjustment& broken,
                              const std::vector<std::int64_t>& nearest,
                              const Limits& wanted) {
    std::string values = value_text(broken.directive, nearest.front());
    if (nearest.size() > 1) values += " or " + value_text(broken.directive, nearest.back());
    return fmt::format("{}; nearest: {}{}", conflict_of(broken, wanted), values,
                       other_way(broken, wanted));
}

// N9 breaks what N8 rounds first: report the value the person wrote and the rule that stops it.
std::vector<Adjustment> merged_by_directive(const std::vector<Adjustment>& adjustments) {
    std::vector<Adjustment> merged;
    for (const Adjustment& next : adjustments) {
        if (next.severity == Severity::Notice) continue;
        const auto same = std::find_if(merged.begin(), merged.end(), [&](const Adjustment& a) {
            return a.directive == next.directive;
        });
        if (same == merged.end()) {
            merged.push_back(next);
            continue;
        }
        const std::int64_t requested = same->requested;
        *same = next;
        same->requested = requested;
    }
    return merged;
}

// The multiple of ThreadsPerChild that is closer to what was wanted; the lower one when both are as
// close.
void prefer_closer_multiple(Limits& nearest, const std::vector<Violation>& violations) {
    for (const Violation& violation : violations) {
        if (violation.rule != "N8" || violation.nearest.size() < 2) continue;
        const std::int64_t below = violation.requested - violation.nearest.front();
        const std::int64_t above = violation.nearest.back() - violation.requested;
        nearest.max_request_workers =
            above < below ? violation.nearest.back() : violation.nearest.front();
    }
}

}  // namespace

Normalised normalise(const Limits& requested,
                     std::int64_t hard_children,
                     std::int64_t hard_threads,
                     std::int64_t buckets) {
    Normaliser rules(requested, std::max<std::int64_t>(buckets, 1));
    rules.bound_capacities(hard_children, hard_threads);
    rules.bound_threads();
    rules.bound_spares();
    return rules.take();
}

std::string describe(const Adjustment& adjustment) {
    return fmt::format("{} {}: effective {}, because {} ({})", adjustment.directive,
                       value_text(adjustment.directive, adjustment.requested),
                       value_text(adjustment.directive, adjustment.effective), adjustment.because,
                       adjustment.rule);
}

std::int64_t initial_children(const Limits& normalised) {
    return std::min(normalised.start_servers, normalised.active_limit());
}

ChangeCheck check_change(const Limits& before,
                         const Limits& wanted,
                         std::int64_t hard_children,
                         std::int64_t hard_threads) {
    const std::vector<Adjustment> old =
        merged_by_directive(normalise(before, hard_children, hard_threads).adjustments);
    Normalised result = normalise(wanted, hard_children, hard_threads);

    ChangeCheck check;
    for (const Adjustment& broken : merged_by_directive(result.adjustments)) {
        if (std::find(old.begin(), old.end(), broken) != old.end()) continue;
        Violation violation;
        violation.rule = broken.rule;
        violation.directive = broken.directive;
        violation.requested = broken.requested;
        violation.nearest = nearest_values(broken, result.limits);
        violation.message = violation_message(broken, violation.nearest, result.limits);
        check.violations.push_back(std::move(violation));
    }
    check.nearest = result.limits;
    prefer_closer_multiple(check.nearest, check.violations);
    return check;
}

}  // namespace mpmd::mpm

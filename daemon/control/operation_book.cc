#include "daemon/control/operation_book.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/convert.h"
#include "daemon/os/clock.h"

namespace mpmd::control {
namespace {

constexpr std::uint32_t kPage = 100;
constexpr std::uint32_t kMostPage = 1000;

Failure gone(const std::string& name) {
    const std::string shown = text::escape(name.substr(0, 64));
    return {Code::NotFound,
            "GONE",
            fmt::format("there is no operation \"{}\"; mpmctl ops lists them", shown),
            {{"operation", shown}},
            {}};
}

store::Operation stored(const scoreboard::OperationRecord& record) {
    const scoreboard::OperationHead& head = record.head;
    store::Operation out;
    out.number = head.number;
    out.update = head.update;
    out.kind = kind_word(head.kind);
    out.state = operation_state_word(head.state);
    out.uid = head.uid;
    out.total = head.total;
    out.done = head.done;
    out.draining = head.draining;
    out.create_time_us = static_cast<std::int64_t>(head.create_wall_us);
    out.end_time_us = static_cast<std::int64_t>(head.end_wall_us);
    out.revision = head.revision;
    out.generation = head.generation;
    out.result = text::escape(scoreboard::text(head.result));
    out.reason = text::escape(scoreboard::text(head.reason));
    for (const scoreboard::OperationStep& step : record.steps)
        out.steps.push_back({step.slot, step.old_uid, step.old_pid, step.new_uid, step.new_pid,
                             std::string(step_word(step.state)),
                             static_cast<std::int64_t>(step.start_wall_us),
                             static_cast<std::int64_t>(step.end_wall_us)});
    return out;
}

// Its server ended, and nobody goes on with it.
store::Operation closed(store::Operation operation, std::int64_t now_us) {
    const bool replaced = operation.total > 0 && operation.done >= operation.total;
    operation.result = fmt::format(
        "{}/{} replaced; the server ended {}", operation.done, operation.total,
        replaced ? "while the old children were still draining" : "before the others were");
    operation.state = operation_state_word(scoreboard::OperationState::Failed);
    operation.draining = 0;
    operation.end_time_us = now_us;
    ++operation.update;
    const auto done = step_word(static_cast<std::uint8_t>(scoreboard::StepState::Done));
    const auto failed = step_word(static_cast<std::uint8_t>(scoreboard::StepState::Failed));
    const auto draining = step_word(static_cast<std::uint8_t>(scoreboard::StepState::Draining));
    for (store::OperationStep& step : operation.steps) {
        if (step.state == done || step.state == failed) continue;
        // A child whose supervisor is gone drains and leaves by itself.
        step.state = step.state == draining ? done : failed;
        step.end_time_us = now_us;
    }
    return operation;
}

v1::OperationState state_from(std::string_view word) {
    using scoreboard::OperationState;
    for (int state = v1::OperationState_MIN; state <= v1::OperationState_MAX; ++state)
        if (operation_state_word(static_cast<OperationState>(state)) == word)
            return static_cast<v1::OperationState>(state);
    return v1::OPERATION_STATE_UNSPECIFIED;
}

struct Asked {
    std::uint64_t before = 0;  // 0 = the newest
    std::uint32_t size = kPage;
};

Outcome<Asked> read_page(const v1::ListOperationsRequest& request) {
    Asked asked;
    if (request.page_size() != 0) asked.size = std::min(request.page_size(), kMostPage);
    if (request.page_token().empty()) return asked;
    const auto before = operation_number(request.page_token());
    if (!before)
        return refuse({Code::InvalidArgument,
                       "BAD_PAGE_TOKEN",
                       "page_token was not given by this server; begin again without it",
                       {},
                       {{"page_token", "unknown"}}});
    asked.before = *before;
    return asked;
}

}  // namespace

v1::Operation OperationBook::convert(const scoreboard::OperationRecord& record,
                                     const Sample* sample) {
    return operation_of(record.head, record.steps, names_.user(record.head.uid), sample);
}

v1::Operation OperationBook::convert(const store::Operation& operation) {
    v1::Operation out;
    out.set_name(operation_name(operation.number));
    out.set_kind(operation.kind);
    out.set_state(state_from(operation.state));
    out.set_done(operation.done);
    out.set_total(operation.total);
    if (operation.end_time_us == 0) out.set_draining(operation.draining);
    out.set_progress(fmt::format("{}/{} replaced", operation.done, operation.total));
    set_time(out.mutable_create_time(), static_cast<std::uint64_t>(operation.create_time_us));
    if (operation.end_time_us != 0)
        set_time(out.mutable_end_time(), static_cast<std::uint64_t>(operation.end_time_us));
    out.set_author(names_.user(operation.uid));
    out.set_reason(operation.reason);
    out.set_result(operation.result);
    out.set_update(operation.update);
    out.set_revision(operation.revision);
    out.set_generation(operation.generation);
    for (const store::OperationStep& step : operation.steps) {
        auto* to = out.add_steps();
        to->set_slot(step.slot);
        to->set_old_uid(step.old_uid);
        to->set_old_pid(step.old_pid);
        to->set_new_uid(step.new_uid);
        to->set_new_pid(step.new_pid);
        to->set_state(step.state);
        if (step.start_time_us != 0)
            set_time(to->mutable_start_time(), static_cast<std::uint64_t>(step.start_time_us));
        if (step.end_time_us != 0)
            set_time(to->mutable_end_time(), static_cast<std::uint64_t>(step.end_time_us));
    }
    return out;
}

std::optional<v1::Operation> OperationBook::shown(std::uint64_t number) {
    return shown(number, *sampler_.now());
}

std::optional<v1::Operation> OperationBook::shown(std::uint64_t number, const Sample& sample) {
    const auto record = scoreboard::find_operation(sampler_.view(), number);
    if (!record) return std::nullopt;
    return convert(*record, &sample);
}

void OperationBook::get(const std::string& name, Done done) {
    const auto number = operation_number(name);
    if (!number) {
        done(refuse(gone(name)));
        return;
    }
    if (auto operation = shown(*number)) {
        done(std::move(*operation));
        return;
    }
    const auto asked = store_.ask([this, name, number = *number, done](store::Database& database) {
        auto found = store::Operations(database).get(number);
        if (!found)
            done(refuse({Code::Internal, "BUG", found.error().message, {}, {}}));
        else if (!*found)
            done(refuse(gone(name)));
        else
            done(convert(**found));
    });
    if (!asked) done(tl::unexpected<Failure>(asked.error()));
}

void OperationBook::list(const v1::ListOperationsRequest& request, ListDone done) {
    const auto asked = read_page(request);
    if (!asked) {
        done(tl::unexpected<Failure>(asked.error()));
        return;
    }
    v1::ListOperationsResponse response;
    const auto count = [&response] {
        return static_cast<std::uint32_t>(response.operations_size());
    };
    std::uint64_t oldest = asked->before;
    const SamplePtr sample = sampler_.now();
    const auto heads = scoreboard::operations(sampler_.view());
    bool more = false;
    for (const scoreboard::OperationHead& head : heads) {
        if (asked->before != 0 && head.number >= asked->before) continue;
        more = count() == asked->size;
        if (more) break;
        *response.add_operations() = operation_of(head, {}, names_.user(head.uid), sample.get());
        oldest = head.number;
    }
    if (more || oldest == 1) {
        if (more) response.set_next_page_token(operation_name(oldest));
        done(std::move(response));
        return;
    }
    const std::uint32_t room = asked->size - count();
    auto fill = [this, response, oldest, room, done](store::Database& database) mutable {
        // One more than fits tells whether there is another page.
        auto older = store::Operations(database).list(oldest, room + 1);
        if (!older) {
            done(refuse({Code::Internal, "BUG", older.error().message, {}, {}}));
            return;
        }
        for (std::size_t i = 0; i < older->size() && i < room; ++i)
            *response.add_operations() = convert((*older)[i]);
        if (older->size() > room && response.operations_size() > 0)
            response.set_next_page_token(
                response.operations(response.operations_size() - 1).name());
        done(std::move(response));
    };
    // Without the store the list is what the scoreboard shows.
    if (!store_.ask(std::move(fill))) done(std::move(response));
}

void OperationBook::begin() {
    (void)store_.later([this](store::Database& database) {
        std::set<std::uint64_t> ours;
        for (const scoreboard::OperationHead& head : scoreboard::operations(sampler_.view()))
            ours.insert(head.number);
        close_unfinished(database, ours);
    });
}

void OperationBook::end(bool supervisor_gone) {
    catch_up();
    if (!supervisor_gone) return;
    (void)store_.later([](store::Database& database) { close_unfinished(database, {}); });
}

void OperationBook::close_unfinished(store::Database& database,
                                     const std::set<std::uint64_t>& except) {
    store::Operations operations(database);
    const auto left = operations.unfinished();
    if (!left) return;  // the next control process tries again
    for (const store::Operation& operation : *left)
        if (except.count(operation.number) == 0)
            (void)operations.keep(closed(operation, to_us(os::wall_now())));
}

void OperationBook::catch_up() {
    std::map<std::uint64_t, std::uint64_t> now;
    for (const scoreboard::OperationHead& head : scoreboard::operations(sampler_.view())) {
        now[head.number] = head.update;
        const auto kept = kept_.find(head.number);
        if (kept != kept_.end() && kept->second >= head.update) continue;
        if (const auto record = scoreboard::find_operation(sampler_.view(), head.number))
            store_.keep(stored(*record));
    }
    kept_ = std::move(now);
}

}  // namespace mpmd::control

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

enum Field : std::size_t {
    Uid,
    Slot,
    Pid,
    Gen,
    State,
    Age,
    Listener,
    Busy,
    Idle,
    Conns,
    Rate,
    Rss,
    Cpu,
    KeepAlive,
    Writing,
    Reading,
    Closing,
    Queued,
    Rev,
    Out
};

// clang-format off
const Column kColumns[] = {
    {"UID", 5, true, 0},    {"SLOT", 4, true, 2},  {"PID", 7, true, 1},   {"GEN", 3, true, 3},
    {"STATE", 8, false, 1}, {"AGE", 5, true, 2},   {"LSTN", 4, true, 1},  {"BUSY", 4, true, 1},
    {"IDLE", 4, true, 1},   {"CONNS", 5, true, 1}, {"REQ/S", 5, true, 1}, {"RSS", 5, true, 2},
    {"CPU", 4, true, 2},    {"KA", 5, true, 4},    {"WC", 5, true, 4},    {"RD", 5, true, 4},
    {"CL", 5, true, 4},     {"QUEUE", 5, true, 5}, {"REV", 4, true, 5},   {"OUT", 5, true, 5},
};
// clang-format on

double number_of(const v1::Child& child, std::size_t field) {
    switch (field) {
        case Uid:
            return static_cast<double>(child.uid());
        case Slot:
            return child.slot();
        case Pid:
            return child.pid();
        case Gen:
            return child.generation();
        case Age:
            return -static_cast<double>(child.start_time().seconds());
        case Listener:
            return child.listener_busy_permille();
        case Busy:
            return child.busy();
        case Idle:
            return child.idle();
        case Conns:
            return child.connections();
        case Rate:
            return child.requests_per_second();
        case Rss:
            return static_cast<double>(child.rss_bytes());
        case Cpu:
            return child.cpu_permille();
        case KeepAlive:
            return child.connection_states().keep_alive();
        case Writing:
            return child.connection_states().writing();
        case Reading:
            return child.connection_states().reading();
        case Closing:
            return child.connection_states().closing();
        case Queued:
            return child.queued();
        case Rev:
            return static_cast<double>(child.revision());
        case Out:
            return static_cast<double>(child.bytes_out());
        default:
            return 0;
    }
}

int compare(const v1::Child& a, const v1::Child& b, std::size_t field) {
    if (field == State) return a.state().compare(b.state());
    const double left = number_of(a, field);
    const double right = number_of(b, field);
    if (left == right) return 0;
    return left < right ? -1 : 1;
}

bool passes(const v1::Child& child, const std::vector<std::string_view>& words) {
    if (words.empty()) return true;
    const std::string all = text::lower(
        fmt::format("uid={} slot={} pid={} gen={} {} {}", child.uid(), child.slot(), child.pid(),
                    child.generation(), child.state(), child.retire_reason()));
    return std::all_of(words.begin(), words.end(), [&all](std::string_view word) {
        return all.find(text::lower(word)) != std::string::npos;
    });
}

}  // namespace

std::span<const Column> child_columns() {
    return kColumns;
}

char child_mark(const v1::Child& child) {
    const bool leaving = child.state() == "draining" || child.state() == "stopping";
    return leaving || child.heartbeat_age_ms() > api::kSilentMs ? '!' : ' ';
}

std::vector<std::string> child_cells(const v1::Child& child, std::int64_t now_seconds) {
    const auto number = [](auto value) { return fmt::format("{}", value); };
    const v1::Connections& states = child.connection_states();
    const Seconds age(now_seconds - child.start_time().seconds());
    return {number(child.uid()),
            number(child.slot()),
            number(child.pid()),
            number(child.generation()),
            child.state(),
            human_duration(age),
            human_permille(child.listener_busy_permille()),
            number(child.busy()),
            number(child.idle()),
            number(child.connections()),
            human_rate(child.requests_per_second()),
            human_bytes(child.rss_bytes()),
            human_permille(child.cpu_permille()),
            number(states.keep_alive()),
            number(states.writing()),
            number(states.reading()),
            number(states.closing()),
            number(child.queued()),
            number(child.revision()),
            human_bytes(child.bytes_out())};
}

std::vector<const v1::Child*> ordered_children(const Model& model) {
    std::vector<const v1::Child*> out;
    if (!model.frame) return out;
    std::vector<std::string_view> words;
    for (const std::string_view word : text::split(model.children.filter, ' ')) {
        if (!word.empty()) words.push_back(word);
    }
    for (const v1::Child& child : model.frame->children()) {
        if (passes(child, words)) out.push_back(&child);
    }
    const Sorting sorting = model.children.sorting;
    const auto field = static_cast<std::size_t>(sorting.column);
    std::sort(out.begin(), out.end(), [&sorting, field](const v1::Child* a, const v1::Child* b) {
        const int order = compare(*a, *b, field);
        if (order != 0) return sorting.descending ? order > 0 : order < 0;
        if (a->slot() != b->slot()) return a->slot() < b->slot();
        return a->uid() < b->uid();
    });
    return out;
}

const v1::Child* find_child(const Model& model, std::uint64_t uid) {
    if (!model.frame) return nullptr;
    for (const v1::Child& child : model.frame->children()) {
        if (child.uid() == uid) return &child;
    }
    return nullptr;
}

const v1::Child* selected_child(const Model& model) {
    const auto uid = text::parse_uint(model.children.list.selected);
    return uid ? find_child(model, *uid) : nullptr;
}

void settle_children(Model& model) {
    ListView& list = model.children.list;
    const std::vector<const v1::Child*> rows = ordered_children(model);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (fmt::format("{}", rows[i]->uid()) == list.selected) list.cursor = static_cast<int>(i);
    }
    list.settle(static_cast<int>(rows.size()), child_list_rows(model));
    if (!model.frame) return;
    list.selected = rows.empty()
                        ? std::string()
                        : fmt::format("{}", rows[static_cast<std::size_t>(list.cursor)]->uid());
}

void select_child_row(Model& model, int row) {
    model.children.list.selected.clear();
    model.children.list.cursor = row;
    settle_children(model);
}

}  // namespace mpmd::tui

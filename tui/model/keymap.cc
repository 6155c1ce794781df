#include "tui/model/keymap.h"

namespace mpmd::tui {

namespace {

constexpr std::uint16_t kChildLists = bit(Scope::Overview) | bit(Scope::Children);
constexpr std::uint16_t kLists = kChildLists | bit(Scope::Connections);
constexpr std::uint16_t kScreens = kLists | bit(Scope::Help);
constexpr std::uint16_t kDialogs = bit(Scope::Restart) | bit(Scope::Tune);
constexpr std::uint16_t kMenus = bit(Scope::SortMenu) | bit(Scope::Tune);
constexpr std::uint16_t kInputs = bit(Scope::FilterInput) | bit(Scope::TuneEdit);
constexpr std::uint16_t kOver = kDialogs | kInputs | bit(Scope::SortMenu);

// The named keys as one-character strings.
#define KEY_STRING(name, ...) constexpr char32_t name[] = {__VA_ARGS__, 0}
KEY_STRING(kUpKeys, key::kUp, U'k');
KEY_STRING(kDownKeys, key::kDown, U'j');
KEY_STRING(kPageUpKeys, key::kPageUp, key::ctrl('B'), key::ctrl('U'));
KEY_STRING(kPageDownKeys, key::kPageDown, key::ctrl('F'), key::ctrl('D'));
KEY_STRING(kFirstKeys, key::kHome, U'g');
KEY_STRING(kLastKeys, key::kEnd, U'G');
KEY_STRING(kLeftKeys, key::kLeft, U'h');
KEY_STRING(kRightKeys, key::kRight, U'l');
KEY_STRING(kEnterKey, key::kEnter);
KEY_STRING(kBackKeys, key::kEscape, key::kBackspace);
KEY_STRING(kEscapeKey, key::kEscape);
KEY_STRING(kTabKey, key::kTab);
KEY_STRING(kBackTabKey, key::kBackTab);
KEY_STRING(kNextButtonKeys, key::kTab, key::kRight);
KEY_STRING(kPreviousButtonKeys, key::kBackTab, key::kLeft);
KEY_STRING(kSortKeys, U's', key::function(6));
KEY_STRING(kSampleKey, key::ctrl('T'));
KEY_STRING(kRedrawKey, key::ctrl('L'));
KEY_STRING(kHelpKeys, U'?', key::function(1));
KEY_STRING(kQuitKeys, U'q', key::function(10));
#undef KEY_STRING

// clang-format off
constexpr Binding kTable[] = {
    {Action::ShowOverview,    kScreens,               U"1",                "",         "the overview"},
    {Action::ShowChildren,    kScreens,               U"2",                "",         "the children"},
    {Action::ShowConnections, kScreens,               U"3",                "",         "the connections"},
    {Action::NextScreen,      kScreens,               kTabKey,             "",         "the next screen"},
    {Action::PreviousScreen,  kScreens,               kBackTabKey,         "",         "the screen before"},
    {Action::Filter,          kLists,                 U"/",                "filter",   "show only the rows that match"},
    {Action::SortMenu,        kLists,                 kSortKeys,           "sort",     "choose the column to sort by"},
    {Action::Open,            kLists,                 kEnterKey,           "open",     "open or close the details of the row"},
    {Action::Restart,         kChildLists,            U"r",                "restart",  "restart the selected or tagged children (dialog)"},
    {Action::RestartAll,      kChildLists,            U"R",                "all",      "restart all children, one after another (dialog)"},
    {Action::Tag,             kChildLists,            U" ",                "tag",      "tag the row, to restart several"},
    {Action::Tune,            kLists,                 U"t",                "tune",     "change limits (dialog)"},
    {Action::Pause,           kLists,                 U"Z",                "pause",    "hold the picture, or go on"},
    {Action::IntervalLonger,  kScreens,               U"+",                "slower",   "sample less often"},
    {Action::IntervalShorter, kScreens,               U"-",                "faster",   "sample more often"},
    {Action::MoveUp,          kScreens | kMenus,      kUpKeys,             "",         "one row up"},
    {Action::MoveDown,        kScreens | kMenus,      kDownKeys,           "",         "one row down"},
    {Action::PageUp,          kScreens | bit(Scope::Tune), kPageUpKeys,    "",         "one page up"},
    {Action::PageDown,        kScreens | bit(Scope::Tune), kPageDownKeys,  "",         "one page down"},
    {Action::MoveFirst,       kScreens | bit(Scope::Tune), kFirstKeys,     "",         "the first row"},
    {Action::MoveLast,        kScreens | bit(Scope::Tune), kLastKeys,      "",         "the last row"},
    {Action::ScrollLeft,      kLists,                 kLeftKeys,           "",         "columns to the left"},
    {Action::ScrollRight,     kLists,                 kRightKeys,          "",         "columns to the right"},
    {Action::SortPrevious,    kLists,                 U"<",                "",         "sort by the column to the left"},
    {Action::SortNext,        kLists,                 U">",                "",         "sort by the column to the right"},
    {Action::SortInvert,      kLists,                 U"I",                "",         "turn the order round"},
    {Action::SortCpu,         kChildLists,            U"P",                "",         "sort by processor time"},
    {Action::SortMemory,      kChildLists,            U"M",                "",         "sort by memory"},
    {Action::SortPid,         kLists,                 U"N",                "",         "sort by process number"},
    {Action::SortTime,        kLists,                 U"T",                "",         "sort by age"},
    {Action::SortConnections, kChildLists,            U"C",                "",         "sort by connections"},
    {Action::UntagAll,        kChildLists,            U"U",                "",         "untag all rows"},
    {Action::SampleNow,       kLists,                 kSampleKey,          "",         "sample now"},
    {Action::Redraw,          kScreens | kOver,       kRedrawKey,          "",         "draw the screen anew"},
    {Action::Back,            kScreens,               kBackKeys,           "",         "close the details, drop the filter, leave the help"},
    {Action::Help,            kScreens,               kHelpKeys,           "Help",     "the keys of this screen"},
    {Action::Quit,            kScreens,               kQuitKeys,           "Quit",     "leave"},
    {Action::EditValue,       bit(Scope::Tune),       U"e",                "edit",     "type a new value (digits begin at once)"},
    {Action::UndoEdit,        bit(Scope::Tune),       U"u",                "undo",     "take back the new value of the row"},
    {Action::ToggleLifetime,  bit(Scope::Tune),       U"s",                "lifetime", "until restart, or kept across restarts"},
    {Action::FocusApply,      bit(Scope::Tune),       U"a",                "apply",    "go to the Apply button; Enter there applies"},
    {Action::Accept,          kOver,                  kEnterKey,           "accept",   "take the choice, press the chosen button"},
    {Action::NextButton,      kDialogs,               kNextButtonKeys,     "button",   "the next button"},
    {Action::PreviousButton,  kDialogs,               kPreviousButtonKeys, "",         "the button before"},
    {Action::Back,            kOver,                  kEscapeKey,          "leave",    "leave, and do nothing"},
};
// clang-format on

}  // namespace

std::span<const Binding> keymap() {
    return kTable;
}

std::optional<Action> action_of(Scope scope, Key key) {
    for (const Binding& binding : kTable) {
        if ((binding.scopes & bit(scope)) != 0 &&
            binding.keys.find(key) != std::u32string_view::npos)
            return binding.action;
    }
    return std::nullopt;
}

std::string keys_text(const Binding& binding) {
    std::string out;
    for (const Key key : binding.keys)
        out += (out.empty() ? "" : " ") + key_name(key);
    return out;
}

std::vector<std::pair<std::string, std::string>> footer_keys(Scope scope) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const Binding& binding : kTable) {
        if ((binding.scopes & bit(scope)) == 0 || binding.label.empty()) continue;
        out.emplace_back(key_name(binding.keys.front()), std::string(binding.label));
    }
    return out;
}

}  // namespace mpmd::tui

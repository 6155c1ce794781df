#include "tui/terminal/terminal.h"

#include <array>
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tui/terminal/crash.h"
// curses defines macros that look like functions: last, and here only.
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>

namespace mpmd::tui {

namespace {

short pair_of(Ink ink) {
    return static_cast<short>(ink);
}

void start_colours() {
    (void)::start_color();
    const short background = ::use_default_colors() == OK ? short{-1} : short{COLOR_BLACK};
    const short grey = COLORS >= 256 ? short{245} : short{-1};
    (void)::init_pair(pair_of(Ink::Good), COLOR_GREEN, background);
    (void)::init_pair(pair_of(Ink::Warn), COLOR_YELLOW, background);
    (void)::init_pair(pair_of(Ink::Bad), COLOR_RED, background);
    (void)::init_pair(pair_of(Ink::Info), COLOR_CYAN, background);
    (void)::init_pair(pair_of(Ink::Special), COLOR_MAGENTA, background);
    if (grey >= 0 || background < 0) (void)::init_pair(pair_of(Ink::Dim), grey, background);
}

attr_t attributes_of(const Style& style, bool colours) {
    attr_t out = A_NORMAL;
    if (style.bold) out |= A_BOLD;
    if (style.reverse) out |= A_REVERSE;
    if (colours && style.ink != Ink::Normal)
        out |= static_cast<attr_t>(COLOR_PAIR(pair_of(style.ink)));
    if (!colours && style.ink == Ink::Bad) out |= A_BOLD;
    return out;
}

// A capability as it is sent, without padding.
std::string capability(const char* name) {
    std::array<char, 16> mutable_name{};
    std::strncpy(mutable_name.data(), name, mutable_name.size() - 1);
    const char* const text = ::tigetstr(mutable_name.data());
    if (text == nullptr || reinterpret_cast<std::intptr_t>(text) == -1) return {};
    std::string out = text;
    for (std::size_t start = out.find("$<"); start != std::string::npos; start = out.find("$<")) {
        const std::size_t end = out.find('>', start);
        if (end == std::string::npos) break;
        out.erase(start, end - start + 1);
    }
    return out;
}

std::string reset_string() {
    return capability("rmkx") + capability("sgr0") + capability("op") + capability("cnorm") +
           capability("rmcup") + "\r\n";
}

struct Translation {
    int curses;
    Key key;
};
constexpr Translation kKeys[] = {
    {KEY_UP, key::kUp},
    {KEY_DOWN, key::kDown},
    {KEY_LEFT, key::kLeft},
    {KEY_RIGHT, key::kRight},
    {KEY_PPAGE, key::kPageUp},
    {KEY_NPAGE, key::kPageDown},
    {KEY_HOME, key::kHome},
    {KEY_END, key::kEnd},
    {KEY_DC, key::kDelete},
    {KEY_BTAB, key::kBackTab},
    {KEY_BACKSPACE, key::kBackspace},
    {KEY_ENTER, key::kEnter},
};

std::optional<Key> translate_named(int code) {
    for (const Translation& entry : kKeys) {
        if (entry.curses == code) return entry.key;
    }
    if (code > KEY_F0 && code <= KEY_F0 + 12) return key::function(code - KEY_F0);
    return std::nullopt;
}

const char* variable(const char* name) {
    const char* const value =
        std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return value == nullptr ? "" : value;
}

// Cells of one style that are sent as one string. Wide and marked characters end a run: their width
// is ours to know, not the locale's.
int run_end(const Canvas& canvas, int x, int y) {
    const Style style = canvas.at(x, y).style;
    const bool plain = canvas.at(x, y).bytes.size() == 1;
    ++x;
    while (plain && x < canvas.width() && canvas.at(x, y).style == style &&
           canvas.at(x, y).bytes.size() == 1)
        ++x;
    return x;
}

void paint_row(const Canvas& canvas, int y, bool colours) {
    for (int x = 0; x < canvas.width();) {
        const Style style = canvas.at(x, y).style;
        const int start = x;
        const int end = run_end(canvas, x, y);
        std::string run;
        for (; x < end; ++x)
            run += canvas.at(x, y).bytes;
        const bool blank = run.find_first_not_of(' ') == std::string::npos && !style.reverse;
        if (blank) continue;
        (void)::attrset(static_cast<int>(attributes_of(style, colours)));
        (void)::mvaddnstr(y, start, run.c_str(), static_cast<int>(run.size()));
    }
}

}  // namespace

bool locale_is_utf8() {
    (void)std::setlocale(LC_CTYPE, "");  // NOLINT(concurrency-mt-unsafe): once, by the UI thread
    const char* const codeset = ::nl_langinfo(CODESET);  // NOLINT(concurrency-mt-unsafe)
    return std::strcmp(codeset, "UTF-8") == 0;
}

struct Terminal::Impl {
    SCREEN* screen = nullptr;
    bool ascii = false;
    bool colours = false;
    termios before{};
    std::string reset;
};

Terminal::Terminal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Terminal>> Terminal::open(const TerminalOptions& options) {
    auto impl = std::make_unique<Impl>();
    impl->ascii = !locale_is_utf8() || options.ascii;
    const std::string term = variable("TERM");
    int error = 0;
    if (::setupterm(nullptr, STDOUT_FILENO, &error) != OK || capability("cup").empty()) {
        return fail(Error::text(fmt::format(
            "terminal type \"{}\" cannot show a console; use: mpmctl top --batch", term)));
    }
    if (::tcgetattr(STDIN_FILENO, &impl->before) != 0) return fail(Error::os("tcgetattr"));
    impl->reset = reset_string();
    impl->screen = ::newterm(nullptr, stdout, stdin);
    if (impl->screen == nullptr) return fail(Error::text("the terminal cannot be opened"));
    arm_crash_reset(STDOUT_FILENO, impl->before, impl->reset);
    impl->colours = use_colours({options.colour, variable("NO_COLOR"), term, ::has_colors()});
    if (impl->colours) start_colours();
    (void)::cbreak();
    (void)::noecho();
    (void)::nonl();  // Enter arrives as it is sent
    (void)::keypad(stdscr, TRUE);
    (void)::nodelay(stdscr, TRUE);
    (void)::set_escdelay(50);  // a lone Esc over ssh
    (void)::curs_set(0);
    return std::unique_ptr<Terminal>(new Terminal(std::move(impl)));
}

Terminal::~Terminal() {
    (void)::endwin();
    ::delscreen(impl_->screen);
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &impl_->before);
    disarm_crash_reset();
}

bool Terminal::ascii() const {
    return impl_->ascii;
}

TerminalSize Terminal::size() const {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0)
        return {window.ws_col, window.ws_row};
    return {COLS, LINES};  // a serial line does not know its size; terminfo has a guess
}

void Terminal::adopt_size() const {
    const TerminalSize window = size();
    (void)::resizeterm(window.height, window.width);
    (void)::clearok(curscr, TRUE);
}

void Terminal::paint(const Canvas& canvas, bool all) {
    if (all) (void)::clearok(curscr, TRUE);
    (void)::erase();
    for (int y = 0; y < canvas.height(); ++y)
        paint_row(canvas, y, impl_->colours);
    (void)::attrset(A_NORMAL);
    const bool cursor = canvas.cursor_x() >= 0;
    (void)::curs_set(cursor ? 1 : 0);
    if (cursor) (void)::move(canvas.cursor_y(), canvas.cursor_x());
    (void)::wnoutrefresh(stdscr);
    (void)::doupdate();
}

std::optional<Key> Terminal::next_key() {
    for (;;) {
        wint_t code = 0;
        const int kind = ::get_wch(&code);
        if (kind == ERR) return std::nullopt;
        if (kind == OK) {
            if (code == '\n') return key::kEnter;
            return code == '\b' ? key::kBackspace : static_cast<Key>(code);
        }
        if (const auto named = translate_named(static_cast<int>(code))) return named;
    }
}

bool Terminal::hung_up() const {
    int waiting = 0;
    return ::ioctl(STDIN_FILENO, FIONREAD, &waiting) != 0 || waiting == 0;
}

void Terminal::suspend() {
    (void)::endwin();
    (void)::tcsetattr(STDIN_FILENO, TCSADRAIN, &impl_->before);
}

void Terminal::resume() const {
    (void)::reset_prog_mode();
    adopt_size();
    (void)::refresh();
}

}  // namespace mpmd::tui

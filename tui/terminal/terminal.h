#pragma once

// The terminal: the only place that knows curses. Opened once; closing, suspending and crashing
// give it back as it was. Copies a Canvas onto the screen; curses sends what differs. The UI
// thread's.

#include <memory>
#include <optional>

#include "daemon/base/result.h"
#include "tui/canvas/canvas.h"
#include "tui/terminal/colour.h"
#include "tui/widgets/key.h"

namespace mpmd::tui {

struct TerminalOptions {
    ColourChoice colour = ColourChoice::Auto;
    bool ascii = false;  // asked for; a locale without UTF-8 decides for it too
};

struct TerminalSize {
    int width = 0;
    int height = 0;
};

// Does the locale of the environment write UTF-8? Sets the locale of characters.
[[nodiscard]] bool locale_is_utf8();

class Terminal {
public:
    // Takes stdin and stdout. Refused: a terminal type that is not known or cannot move its cursor.
    [[nodiscard]] static Result<std::unique_ptr<Terminal>> open(const TerminalOptions& options);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    [[nodiscard]] bool ascii() const;
    [[nodiscard]] TerminalSize size() const;
    // After the window changed: everything is sent with the next picture.
    void adopt_size() const;
    void paint(const Canvas& canvas, bool all);

    [[nodiscard]] std::optional<Key> next_key();
    // End of file or an error on the terminal: nobody is there any more. Ask when it polls
    // readable.
    [[nodiscard]] bool hung_up() const;

    // Gives the terminal back for a while.
    void suspend();
    void resume() const;

private:
    struct Impl;
    explicit Terminal(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mpmd::tui

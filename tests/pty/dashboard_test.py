"""mpmctl top on a terminal, with a made-up server: pictures, sizes, ends and accidents."""

import os
import re
import signal
import subprocess
import unittest

from screen import Terminal

PROGRAM = os.environ["FAKE_TOP_PROGRAM"]
LEAVE = b"\x1b[?1049l"  # back to the screen that was there before


class Dashboard(unittest.TestCase):
    def open(self, **options):
        terminal = Terminal([PROGRAM], **options)
        self.addCleanup(terminal.close)
        return terminal

    def opened(self, **options):
        terminal = self.open(**options)
        terminal.wait("1 OVERVIEW")
        terminal.wait("20411")
        return terminal

    def assert_left(self, terminal):
        self.assertTrue(terminal.restored(), "the terminal's settings were not restored")
        self.assertIn(LEAVE, terminal.bytes)
        self.assertNotIn(b"OVERVIEW", terminal.bytes.rpartition(LEAVE)[2])

    def test_screens_and_help_by_key(self):
        terminal = self.opened()
        for key, title in (("2", "2 CHILDREN"), ("3", "3 CONNECTIONS"), ("?", "HELP"), ("?", "3 CONNECTIONS"),
                           ("\t", "1 OVERVIEW"), ("\x1bOP", "HELP"), ("\x1b", "1 OVERVIEW")):
            terminal.press(key)
            terminal.wait(lambda: terminal.row(0).startswith(title))

    def test_pictures_change_once_an_interval(self):
        terminal = self.opened()
        first = terminal.row(0)
        terminal.wait(lambda: terminal.row(0) != first)

    def test_quit_gives_the_terminal_back(self):
        terminal = self.opened()
        self.assertFalse(terminal.restored())
        terminal.press("q")
        self.assertEqual(terminal.wait_end(), 0)
        self.assert_left(terminal)

    def test_interrupt_and_terminate_give_it_back_too(self):
        for number, keys in ((signal.SIGINT, "\x03"), (signal.SIGTERM, None), (signal.SIGQUIT, None)):
            terminal = self.opened()
            terminal.press(keys) if keys else terminal.kill(number)
            self.assertEqual(terminal.wait_end(), 128 + number)
            self.assert_left(terminal)

    def test_interrupt_in_a_dialog_acts_never(self):
        terminal = self.opened()
        terminal.press("R")
        terminal.wait("Restart all")
        terminal.press("\x03")
        self.assertEqual(terminal.wait_end(), 130)

    def test_hang_up_ends_at_once(self):
        terminal = self.opened()
        terminal.hang_up()
        self.assertEqual(terminal.wait_end(), 129)

    def test_hang_up_by_signal(self):
        terminal = self.opened()
        terminal.kill(signal.SIGHUP)
        self.assertEqual(terminal.wait_end(), 129)

    def test_crash_gives_the_terminal_back(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE):
            terminal = self.opened()
            terminal.kill(number)
            self.assertEqual(terminal.wait_end(), -number)
            self.assert_left(terminal)

    def test_stop_and_continue(self):
        script = "%s; echo STOPPED $?; read answer; fg; echo ENDED $?" % PROGRAM
        terminal = Terminal(["/bin/bash", "-mc", script])  # only a shell with job control can stop it
        self.addCleanup(terminal.close)
        terminal.wait("20411")
        terminal.press("2")
        terminal.wait("2 CHILDREN")
        terminal.press("\x1a")
        terminal.wait("STOPPED 148")
        self.assertTrue(terminal.restored())
        self.assertIn(LEAVE, terminal.bytes)
        since = len(terminal.bytes)
        terminal.screen.reset()
        terminal.press("\n")
        terminal.wait("2 CHILDREN")
        terminal.wait("20411")
        terminal.wait_bytes(b"\x1b[?1049h", since)
        terminal.press("q")
        terminal.wait("ENDED 0")
        self.assertEqual(terminal.wait_end(), 0)
        self.assert_left(terminal)

    def test_the_picture_follows_the_window(self):
        terminal = self.opened()
        terminal.set_size(120, 40)
        terminal.wait("BOARD")
        terminal.wait("CONNECTIONS  10000 of")
        terminal.set_size(40, 10)
        terminal.wait("window is 40x10")
        terminal.press("2")  # keys go on working
        terminal.set_size(80, 24)
        terminal.wait("2 CHILDREN")
        terminal.wait(lambda: terminal.row(23).startswith("1 Overview") and terminal.row(23).endswith("q Quit"))

    def test_many_sizes_in_a_row(self):
        terminal = self.opened()
        for columns in range(60, 140, 7):
            terminal.set_size(columns, 16 + columns % 25)
        terminal.set_size(100, 30)
        terminal.wait(lambda: terminal.row(29).endswith("q Quit") and len(terminal.row(29)) == 100)

    def test_a_silent_server_shows_as_stale_and_keys_work(self):
        terminal = self.opened(env={"FAKE_TOP": "silent"})
        terminal.wait("STALE")
        terminal.press("2jj")
        terminal.wait("2 CHILDREN")
        terminal.press("q")
        self.assertEqual(terminal.wait_end(), 0)

    def test_a_lost_server_is_said(self):
        terminal = self.opened(env={"FAKE_TOP": "lost"})
        terminal.wait("connection lost: data is")
        terminal.wait("nobody there")

    def test_a_server_that_is_not_there_is_an_error_before_any_picture(self):
        terminal = self.open(env={"FAKE_TOP": "absent"})
        self.assertEqual(terminal.wait_end(), 3)
        self.assertNotIn(b"\x1b[?1049h", terminal.bytes)
        self.assertIn(b"nobody there", terminal.bytes)

    def test_tune_dialog_is_typed_through(self):
        terminal = self.opened()
        terminal.press("t")
        terminal.wait("Apply changes")
        terminal.wait("MinSpareThreads")
        terminal.press("80\r")
        terminal.wait("Check   OK: 1 change")
        terminal.wait("no restart")
        terminal.press("\x1b")
        terminal.wait("Esc again drops 1 change")
        terminal.press("\x1b")
        terminal.wait(lambda: "Apply changes" not in terminal.text())

    def test_terminal_types(self):
        for name in ("xterm", "xterm-256color", "screen-256color", "tmux-256color", "linux", "vt100", "ansi"):
            terminal = self.open(env={"TERM": name})
            terminal.wait_bytes(b"1 OVERVIEW", 0)
            terminal.wait_bytes(b"20411", 0)
            terminal.press("q")
            self.assertEqual(terminal.wait_end(), 0, name)
            self.assertTrue(terminal.restored(), name)

    def test_terminals_without_a_cursor_are_refused_with_a_way_out(self):
        for name in ("dumb", "no-such-terminal"):
            terminal = self.open(env={"TERM": name})
            self.assertEqual(terminal.wait_end(), 2, name)
            self.assertIn(b"mpmctl top --batch", terminal.bytes)
            self.assertTrue(terminal.restored())

    def test_no_color(self):
        terminal = self.opened()
        terminal.wait(lambda: re.search(rb"\x1b\[[0-9;]*3[0-7]m", terminal.bytes))
        terminal = self.opened(env={"NO_COLOR": "1"})
        terminal.wait(lambda: terminal.row(23).endswith("q Quit"))
        self.assertNotRegex(terminal.bytes, rb"\x1b\[[0-9;]*3[0-8][;m]")

    def test_a_locale_without_utf8_gets_ascii(self):
        terminal = self.opened(env={"LC_ALL": "C"})
        terminal.wait("----------")
        self.assertTrue(all(byte < 0x80 for byte in terminal.bytes))

    def test_second_picture_sends_only_what_changed(self):
        terminal = self.opened()
        terminal.press("2")
        terminal.wait("2 CHILDREN")
        terminal.wait("child 41  slot 0")
        terminal.wait(lambda: terminal.row(23).endswith("q Quit"))  # painted last
        first = self.clock(terminal)
        since = len(terminal.bytes)
        terminal.wait(lambda: self.clock(terminal) >= first + 3)
        # On a slow machine there were more, for each shows the clock one second further.
        pictures = self.clock(terminal) - first
        self.assertLess(len(terminal.bytes) - since, 1000 * (pictures + 1))

    @staticmethod
    def clock(terminal):
        hours, minutes, seconds = terminal.row(0)[-8:].split(":")
        return 3600 * int(hours) + 60 * int(minutes) + int(seconds)

    def test_batch_needs_no_terminal(self):
        for arguments, frames in ((["--batch", "3"], 3), ([], 1)):
            done = subprocess.run([PROGRAM] + arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=60, env=dict(os.environ, TERM="dumb"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count("1 OVERVIEW"), frames)
            self.assertIn("20515", done.stdout)
            self.assertNotIn("\x1b", done.stdout)


if __name__ == "__main__":
    unittest.main()

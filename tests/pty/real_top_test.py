"""mpmctl top against a real mpmd: numbers, dialogs that act, loss and return of the daemon, ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from free_port import FreePort
from screen import SOON, Terminal

MPMD = os.environ["MPMD"]
MPMCTL = os.environ["MPMCTL"]


class Server:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tui-top-")
        os.chmod(self.directory, 0o755)  # the children and the control process may be other users
        os.mkdir(os.path.join(self.directory, "htdocs"))
        self.claim = FreePort()
        self.port = self.claim.number
        self.socket = os.path.join(self.directory, "control.sock")
        self.config = os.path.join(self.directory, "mpmd.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(
                "ServerRoot {0}\nServerName localhost\nListen 127.0.0.1:{1}\nPidFile {0}/mpmd.pid\n"
                "StateDir {0}/state\nControlSocket {0}/control.sock\nDocumentRoot {0}/htdocs\nErrorLog {0}/error.log\n"
                "StartServers 2\nMinSpareThreads 10\nMaxSpareThreads 100\nThreadsPerChild 25\n"
                "MaxRequestWorkers 150\nTestHandlers On\n".format(self.directory, self.port))
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([MPMD, "-f", self.config, "--foreground"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 3 * SOON
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("mpmd ended instead of serving")
            if self.ready():
                return
            time.sleep(0.05)
        raise AssertionError("mpmd is not answered for")

    def ready(self):
        """Both its first children serve."""
        done = self.ctl("status", "-o", "json", check=False)
        return done.returncode == 0 and json.loads(done.stdout)["workers"].get("idle", 0) == 50

    def ctl(self, *words, check=True):
        return subprocess.run([MPMCTL, "-s", self.socket, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=check)

    def json(self, *words):
        return json.loads(self.ctl(*words, "-o", "json").stdout)

    def control_pid(self):
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open("/proc/%s/stat" % entry, encoding="ascii", errors="replace") as file:
                    name, _, rest = file.read().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if name == "mpmd-control" and int(rest.split()[1]) == self.process.pid:
                return int(entry)
        raise AssertionError("no mpmd-control")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SOON)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.claim.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class RealTop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)

    def opened(self, server=None):
        terminal = Terminal([MPMCTL, "-s", (server or self.server).socket, "top"])
        self.addCleanup(terminal.close)
        terminal.wait("1 OVERVIEW")
        terminal.wait("RUNNING")
        return terminal

    def test_a_quiet_server_shows_the_numbers_of_status_and_ps(self):
        terminal = self.opened()
        status = self.server.json("status")
        workers = status["workers"]
        terminal.wait("%d/%d busy" % (workers.get("busy", 0), workers["limit"]))
        terminal.wait("%d idle" % workers["idle"])
        terminal.wait("gen %d  rev %s" % (status.get("generation", 0), status.get("revision", 0)))
        for child in self.server.json("ps")["children"]:
            terminal.wait(str(child["pid"]))

    def test_busy_threads_and_their_requests_are_seen(self):
        server = Server()  # its threads stay busy for a while
        self.addCleanup(server.close)
        clients = []
        for _ in range(5):
            client = socket.create_connection(("127.0.0.1", server.port))
            self.addCleanup(client.close)
            client.sendall(b"GET /mpmd-test/sleep?60 HTTP/1.1\r\nHost: a.example\r\n\r\n")
            clients.append(client)
        terminal = self.opened(server)
        terminal.wait("5/150 busy")
        terminal.press("3/")
        terminal.wait("Filter")
        terminal.press("state = running\r")
        terminal.wait("5 of 5")
        terminal.wait("GET /mpmd-test/sleep?60")
        peer = "%s:%d" % clients[0].getsockname()
        terminal.wait(peer)
        terminal.press("/ andx\r")
        terminal.wait('there is no field "andx"')
        terminal.press("\x1b")
        terminal.press("\r")
        terminal.wait("vhost a.example")

    def test_a_limit_is_raised_from_the_dialog(self):
        terminal = self.opened()
        terminal.press("t")
        terminal.wait("Apply changes")
        terminal.wait("MinSpareThreads")
        terminal.press("99\r")
        terminal.wait("refused: MaxSpareThreads")
        terminal.press("12\r")
        terminal.wait("Check   OK")
        terminal.press("a\r")
        terminal.wait("MinSpareThreads 10 -> 12")
        self.assertEqual(self.server.ctl("get", "MinSpareThreads", "-o", "value").stdout.strip(), "12")
        terminal.press("\r")
        self.server.ctl("set", "MinSpareThreads=10")

    def test_all_children_are_replaced_from_the_dialog(self):
        before = {child["pid"] for child in self.server.json("ps")["children"]}
        terminal = self.opened()
        terminal.press("R")
        terminal.wait("Restart all")
        terminal.press("\t\r")
        terminal.wait("SUCCEEDED")
        terminal.press("\r")
        after = {child["pid"] for child in self.server.json("ps")["children"]}
        self.assertFalse(before & after)
        for pid in after:
            terminal.wait(str(pid))

    def test_one_child_is_replaced_from_the_dialog(self):
        before = {child["pid"] for child in self.server.json("ps")["children"] if child["state"] == "running"}
        terminal = self.opened()
        terminal.press("2/running\r")
        terminal.wait(lambda: "2 CHILDREN" in terminal.text() and all(str(pid) in terminal.text() for pid in before))
        terminal.press("gr")
        terminal.wait("Restart child")
        terminal.press("\t\r")
        terminal.wait("1/1 replaced")
        running = {child["pid"] for child in self.server.json("ps")["children"] if child["state"] == "running"}
        self.assertEqual(len(before - running), 1)

    def test_a_control_process_that_dies_is_found_again(self):
        terminal = self.opened()
        old = self.server.control_pid()
        terminal.piece = 64
        os.kill(old, signal.SIGKILL)
        terminal.wait(lambda: "LIVE" not in terminal.row(0))
        terminal.wait(lambda: "LIVE" in terminal.row(0))
        self.assertNotEqual(self.server.control_pid(), old)

    def test_a_control_process_that_hangs_does_not_hold_the_keys(self):
        terminal = self.opened()
        control = self.server.control_pid()
        self.server.process.send_signal(signal.SIGSTOP)  # or it would kill it after a while
        os.kill(control, signal.SIGSTOP)
        try:
            terminal.wait("STALE")
            terminal.press("2t")
            terminal.wait("reading the directives")
            terminal.press("\x1b")
            terminal.wait("2 CHILDREN")
            terminal.press("q")
            self.assertEqual(terminal.wait_end(), 0)
            self.assertTrue(terminal.restored())
            done = self.server.ctl("top", "--batch", check=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn("did not answer", done.stderr)
        finally:
            os.kill(control, signal.SIGCONT)
            self.server.process.send_signal(signal.SIGCONT)

    def test_a_daemon_that_ends_and_comes_back(self):
        terminal = self.opened()
        self.server.stop()
        terminal.wait("STALE")
        terminal.wait("connection lost")
        self.server.start()
        terminal.wait(lambda: "LIVE" in terminal.row(0))
        terminal.wait("pid %d" % self.server.process.pid)

    def test_ends(self):
        terminal = self.opened()
        terminal.set_size(120, 40)
        terminal.wait("BOARD")
        terminal.hang_up()
        self.assertEqual(terminal.wait_end(), 129)
        terminal = self.opened()
        terminal.press("\x03")
        self.assertEqual(terminal.wait_end(), 130)
        self.assertTrue(terminal.restored())

    def test_batch(self):
        done = self.server.ctl("top", "--batch", "-n", "2", "--interval", "100ms")
        self.assertEqual(done.stdout.count("1 OVERVIEW"), 2)
        self.assertEqual(self.server.ctl("top").stdout.count("1 OVERVIEW"), 1)

    def test_no_daemon_is_an_error_like_that_of_every_command(self):
        done = subprocess.run([MPMCTL, "-s", self.server.socket + ".none", "top"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("does not exist", done.stderr)


if __name__ == "__main__":
    unittest.main()

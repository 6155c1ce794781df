#!/usr/bin/python3
"""cmake -DMPMD_DEFAULT_MPM: `worker` reaches the directive table and mpmd -V, without it they have `event`, and anything
else is refused with the words that are allowed. Configures only; that the directive falls back to it is for the unit tests.

usage: default_mpm.py SOURCE_DIR CMAKE CXX_COMPILER"""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, CMAKE, COMPILER = sys.argv[1:4]
# Who compiles the word in: the fallback of the directive MPM, and what -V says of it.
USERS = ("daemon/config/directives.cc", "daemon/options.cc")


class DefaultMpm(unittest.TestCase):
    def configure(self, *options):
        scratch = tempfile.TemporaryDirectory(prefix="mpmd-configure-")
        self.addCleanup(scratch.cleanup)
        run = subprocess.run([CMAKE, "-S", SOURCE, "-B", scratch.name, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={COMPILER}",
                              "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DMPMD_GRPC=OFF", "-DMPMD_STORE=OFF", *options],
                             capture_output=True, text=True)
        return run, Path(scratch.name)

    def expect(self, word, *options):
        run, build = self.configure(*options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        seen = 0
        for entry in json.loads((build / "compile_commands.json").read_text()):
            if not entry["file"].endswith(USERS):
                continue
            seen += 1
            self.assertIn(f'-DMPMD_DEFAULT_MPM=\\"{word}\\"', entry["command"], entry["file"])
        self.assertEqual(seen, len(USERS))

    def test_worker_is_what_a_file_without_the_directive_runs(self):
        self.expect("worker", "-DMPMD_DEFAULT_MPM=worker")

    def test_event_is_it_when_nobody_chooses(self):
        self.expect("event")

    def test_another_word_is_refused(self):
        for word in ("bogus", "event2"):
            run, _ = self.configure(f"-DMPMD_DEFAULT_MPM={word}")
            self.assertNotEqual(run.returncode, 0, word)
            self.assertIn(f'MPMD_DEFAULT_MPM is event or worker, not "{word}"', run.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

#!/usr/bin/python3
"""The lints themselves: each is shown a small tree with one planted violation and must name it."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import linkage
from architecture import read_libraries

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADER = "#pragma once\n\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="mpmd-lint-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("ARCHITECTURE.md", ".clang-format"):
            shutil.copy(ROOT / name, self.root)
        self.plant("daemon/base/text.h", HEADER + "// Text.\nint text();\n")

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def lint(self, script, *arguments):
        run = subprocess.run(["/usr/bin/python3", "-B", HERE / script, self.root, *arguments], capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr

    def expect(self, script, words, *arguments):
        status, output = self.lint(script, *arguments)
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)

    def test_a_clean_tree_passes(self):
        self.plant("daemon/os/clock.h", HEADER + '#include "daemon/base/text.h"\n')
        for script in ("layers.py", "text.py", "format.py"):
            status, output = self.lint(script)
            self.assertIn(status, (0, 77), output)

    def test_a_function_that_is_too_long(self):
        body = "    int x = 0;\n" * 60
        self.plant("daemon/os/clock.cc", f"namespace a {{\nstruct B {{\n    int c = 0;\n}};\nint long_one(int d) {{\n{body}}}\n}}\n")
        self.expect("sizes.py", "daemon/os/clock.cc:5: a function of 62 lines")
        self.plant("daemon/os/clock.cc", f"// A table.\nint long_one(int d) {{\n{body}}}\n")
        self.assertEqual(self.lint("sizes.py")[0], 0)

    def test_an_acceptance_row_without_its_test(self):
        rows = "".join(f"BOOST_AUTO_TEST_CASE(A_{row:02}_does_it) {{\n}}\n" for row in range(1, 71) if row != 12)
        self.plant("tests/accept/event_test.cc", rows)
        self.expect("acceptance.py", "A-12 has no test")
        self.plant("tests/accept/more_test.cc", "BOOST_AUTO_TEST_CASE(A_12_does_it) {\n}\nBOOST_AUTO_TEST_CASE(A_71_x) {\n}\n")
        self.expect("acceptance.py", "A-71 is no row")

    def test_a_rule_that_no_test_names(self):
        self.plant("tests/unit/mpm/a_test.cc", "// P-1 to P-26, D-1 - D-5, D-30, D-40 to D-44, N1 to N16, M-1 to M-24, E-1 to E-22\n")
        self.plant("tests/unit/mpm/b_test.cc", "// W-1 to 9, L-1, L-2, L-3, L-6, S-1 to S-9: and M-18d\n")
        self.expect("rules.py", "L-4 is named in no test")
        self.plant("tests/unit/mpm/c_test.cc", "// L-4\n")
        self.assertEqual(self.lint("rules.py")[0], 0)

    def test_an_include_up_the_layers(self):
        self.plant("daemon/net/address.h", HEADER)
        self.plant("daemon/os/clock.h", HEADER + '#include "daemon/net/address.h"\n')
        self.expect("layers.py", "daemon/os/clock.h:3: daemon/os may not include daemon/net/address.h")

    def test_a_header_that_is_not_among_the_listed_ones(self):
        self.plant("daemon/child/listener.h", HEADER)
        self.plant("daemon/supervisor/spawn.cc", '#include "daemon/child/listener.h"\n')
        self.expect("layers.py", "daemon/supervisor may not include daemon/child/listener.h")

    def test_a_cycle_of_includes(self):
        self.plant("daemon/os/a.h", HEADER + '#include "daemon/os/b.h"\n')
        self.plant("daemon/os/b.h", HEADER + '#include "daemon/os/a.h"\n')
        self.expect("layers.py", "include cycle: daemon/os/a.h -> daemon/os/b.h -> daemon/os/a.h")

    def test_a_cycle_of_layers(self):
        page = (self.root / "ARCHITECTURE.md").read_text()
        self.plant("ARCHITECTURE.md", page.replace("| `daemon/base` | pure | |", "| `daemon/base` | pure | `daemon/os` |"))
        self.expect("layers.py", "layers form a cycle")

    def test_a_folder_without_a_row(self):
        self.plant("daemon/common/stuff.h", HEADER)
        self.expect("layers.py", "daemon/common/stuff.h:1: no row")

    def test_a_library_in_a_folder_that_may_not_have_it(self):
        self.plant("daemon/os/clock.cc", "#include <grpcpp/grpcpp.h>\n")
        self.expect("layers.py", "(gRPC) is not for this folder")

    def test_a_library_that_is_not_listed(self):
        self.plant("daemon/os/clock.cc", "#include <spdlog/spdlog.h>\n")
        self.expect("layers.py", "belongs to no library")

    def test_pure_code_with_a_system_header(self):
        self.plant("daemon/mpm/maintenance.cc", "#include <unistd.h>\n")
        self.expect("layers.py", "pure code includes <unistd.h>")

    def test_pure_code_that_asks_a_clock(self):
        self.plant("daemon/mpm/maintenance.cc", "// std::chrono::steady_clock::now()\nauto x = std::chrono::steady_clock::now();\n")
        self.expect("layers.py", "daemon/mpm/maintenance.cc:2: pure code calls ::now")

    def test_pure_code_that_asks_the_environment(self):
        self.plant("daemon/http/parser.cc", 'int f() { return std::getenv("X") != nullptr; }\n')
        self.expect("layers.py", "pure code calls getenv")

    def test_a_file_that_calls_itself_pure(self):
        self.plant("daemon/os/clock.h", HEADER)
        self.plant("daemon/log/format.h", HEADER + '// Pure.\n#include "daemon/os/clock.h"\n')
        self.expect("layers.py", "which is not pure")

    def test_a_long_file(self):
        self.plant("daemon/os/long.cc", "int x;\n" * 601)
        self.expect("text.py", "601 lines")

    def test_a_note_to_do_something_later(self):
        self.plant("daemon/os/a.cc", "// TO" "DO: more\n")
        self.expect("text.py", "daemon/os/a.cc:1: a note to do something later")

    def test_a_path_outside_the_repository(self):
        self.plant("daemon/os/a.cc", "// see ../sha" "red/design\n")
        self.expect("text.py", "daemon/os/a.cc:1: a path outside the repository")

    def test_a_header_without_pragma_once(self):
        self.plant("daemon/os/a.h", "int x();\n")
        self.expect("text.py", "no #pragma once")

    @unittest.skipUnless(shutil.which("clang-format") or shutil.which("clang-format-14"), "no clang-format")
    def test_a_badly_formatted_file(self):
        self.plant("daemon/os/a.cc", "int   x ;\n")
        self.expect("format.py", "daemon/os/a.cc:1")

    def test_a_header_that_needs_another(self):
        self.plant("daemon/os/a.h", HEADER + "std::string name();\n")
        self.plant("daemon/os/b.cc", "int b;\n")
        self.plant("build/compile_commands.json",
                   f'[{{"directory": "/", "command": "g++ -std=c++20 -c {self.root}/daemon/os/b.cc", "file": "{self.root}/daemon/os/b.cc"}}]')
        self.expect("headers.py", "daemon/os/a.h does not compile by itself", self.root / "build")

    def test_a_program_that_needs_a_stranger(self):
        libraries = read_libraries(ROOT)
        self.assertEqual(list(linkage.strangers(libraries, "mpmd", ["libc.so.6", "libfmt.so.9", "libgrpc++.so.1.51"])),
                         ["libgrpc++.so.1.51"])
        self.assertEqual(list(linkage.strangers(libraries, "mpmctl", ["libsqlite3.so.0", "libncursesw.so.6"])), ["libsqlite3.so.0"])
        self.assertEqual(list(linkage.strangers(libraries, "mpmd-control", ["libtinfo.so.6", "libabsl_base.so.20220623"])),
                         ["libtinfo.so.6"])
        self.assertIn("libc.so.6", linkage.needed(sys.executable))


if __name__ == "__main__":
    unittest.main(verbosity=1)

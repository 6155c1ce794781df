#!/usr/bin/python3
"""clang-format over the tree's sources. It formats nothing: it says what differs."""
import shutil
import subprocess
import sys

from tree import finish, root_of, sources


def problems_in(root, program):
    files = list(sources(root))
    problems = []
    for start in range(0, len(files), 200):
        run = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=3", "--style=file", *files[start:start + 200]],
                             cwd=root, capture_output=True, text=True)
        if run.returncode != 0:
            problems += [line for line in run.stderr.splitlines() if ": error:" in line] or [run.stderr]
    return problems, len(files)


def main():
    program = shutil.which("clang-format-14") or shutil.which("clang-format")
    if program is None:
        print("skipped: clang-format is not installed")
        sys.exit(77)
    problems, count = problems_in(root_of(), program)
    finish(problems, f"format of {count} files")


if __name__ == "__main__":
    main()

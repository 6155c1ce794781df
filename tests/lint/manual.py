#!/usr/bin/python3
"""manual.py BUILD: mandoc's lint over the manual pages as they are built."""
import shutil
import subprocess
import sys
from pathlib import Path

from tree import finish

IGNORED = ("referenced manual not found",)  # they refer to one another and are not installed


def main():
    built = Path(sys.argv[1]) / "man"
    if shutil.which("mandoc") is None:
        print("skipped: mandoc is not installed")
        sys.exit(77)
    pages = [Path(line) for line in (built / "pages.txt").read_text().split()]
    problems = [f"{page} was not built" for page in pages if not page.exists()]
    for page in filter(Path.exists, pages):
        run = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True)
        problems += [line for line in run.stdout.splitlines() if not any(word in line for word in IGNORED)]
        if "@" in page.read_text():
            problems.append(f"{page}: an unreplaced or stray @")
    finish(problems, f"{len(pages)} manual pages")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""acceptance.py ROOT: every acceptance observation, A-1 to A-70, has a test case named after it: A_25_usr1_drains."""
import re
import sys

from tree import finish, root_of

ROWS = range(1, 71)
CASE = re.compile(r"^BOOST_(?:AUTO_TEST_CASE|DATA_TEST_CASE|FIXTURE_TEST_CASE)\(\s*A_(\d+)_\w+", re.M)


def main():
    root = root_of(sys.argv)
    found, problems = {}, []
    for path in sorted((root / "tests" / "accept").glob("*.cc")):
        for match in CASE.finditer(path.read_text()):
            found.setdefault(int(match.group(1)), []).append(path.name)
    problems += [f"A-{row} has no test in tests/accept" for row in ROWS if row not in found]
    problems += [f"{files[0]}: A-{row} is no row" for row, files in sorted(found.items()) if row not in ROWS]
    finish(problems, f"acceptance: {sum(map(len, found.values()))} cases for {len(ROWS)} rows")


if __name__ == "__main__":
    main()

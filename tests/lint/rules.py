#!/usr/bin/python3
"""rules.py ROOT: every rule of the specification (P- D- N M- E- W- L- S-) is named in a test that fails when it is
broken. Ranges count: "L-1 to L-4"."""
import re
import sys

from tree import finish, root_of

FAMILIES = {
    "P-": range(1, 27),
    "D-": (*range(1, 6), 30, *range(40, 45)),
    "N": range(1, 17),
    "M-": range(1, 25),
    "E-": range(1, 23),
    "W-": range(1, 10),
    "L-": range(1, 7),
    "S-": range(1, 10),
}
# What is done in another way, so that there is nothing to break.
REPLACED = {
    "P-2": "all threads are made before a child says that it is ready; none is made afterwards",
    "L-5": "orders go to each child over its own channel; there is no pipe of death",
    "M-2": "there is no monitor hook; times are measured each tick",
}
NAME = re.compile(r"\b([PDMEWLS]-|N)(\d+)(?:[a-z]\b)?(?:(?: to |-| - )(?:\1)?(\d+))?")


def named_in(text):
    for family, first, last in NAME.findall(text):
        yield from (f"{family}{number}" for number in range(int(first), int(last or first) + 1))


def main():
    root = root_of(sys.argv)
    named = set()
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix in (".cc", ".h", ".py") and "lint" not in path.parts[len(root.parts):]:
            named.update(named_in(path.read_text(errors="replace")))
    rules = [f"{family}{number}" for family, numbers in FAMILIES.items() for number in numbers]
    problems = [f"{rule} is named in no test" for rule in rules if rule not in named and rule not in REPLACED]
    finish(problems, f"rules: {len(rules)} named in tests, {len(REPLACED)} of them replaced")


if __name__ == "__main__":
    main()

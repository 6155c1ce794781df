#!/usr/bin/python3
"""What is written: file lengths, notes to do something later, paths that no clone has."""
import re

from tree import every_text_file, finish, lead_comment, root_of, without_comments

LIMIT = 600
CODE = (".h", ".cc", ".py", ".sh", ".proto", ".cmake")
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SHARED = re.compile(r"\.\./sha" r"red\b")
SHARED_ALLOWED = re.compile(r"^tests/bench/README")
PRAGMA = re.compile(r"^#pragma once$", re.M)


def problems_of(path, text):
    lines = text.splitlines()
    if path.endswith(CODE) and len(lines) > LIMIT and "table" not in lead_comment(text).lower():
        yield f"{path}: {len(lines)} lines; the limit is {LIMIT} (a table says so in its first comment)"
    if path == "ARCHITECTURE.md" and len(lines) >= 300:
        yield f"{path}: {len(lines)} lines; the limit is 299"
    if path.endswith(".h") and not PRAGMA.search(text):
        yield f"{path}: no #pragma once"
    if path.endswith(".h") and re.search(r"^\s*using namespace (?!std::\w*literals;)", without_comments(text), re.M):
        yield f"{path}: using namespace in a header"
    for number, line in enumerate(lines, 1):
        if LATER.search(line):
            yield f"{path}:{number}: a note to do something later; write an issue"
        if SHARED.search(line) and not SHARED_ALLOWED.match(path):
            yield f"{path}:{number}: a path outside the repository"
        if path.endswith(CODE) and line != line.rstrip():
            yield f"{path}:{number}: white space at the end"
    if path.endswith(CODE) and lines and not text.endswith("\n"):
        yield f"{path}: no newline at the end"


def main():
    files = list(every_text_file(root_of()))
    finish([problem for path, text in files for problem in problems_of(path, text)], f"text of {len(files)} files")


if __name__ == "__main__":
    main()

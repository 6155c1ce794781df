#!/usr/bin/python3
"""sizes.py ROOT: no function over 60 lines. Those that a comment before them calls a table are read line by line."""
import re
import sys

from tree import finish, root_of, sources, without_comments

FUNCTION_LINES = 60
TABLE = "// A table."
NO_FUNCTION = re.compile(r"\b(namespace|struct|class|union|enum|if|for|while|switch|catch|do|else|try|return)\b|=\s*$")


def head_of(text, brace):
    """What stands before a brace, back to the end of the statement or block before it."""
    begin = max(text.rfind(mark, 0, brace) for mark in ";{}") + 1
    return text[begin:brace], begin


def functions_in(text):
    """Line and length of every outermost function body, counted from its first line to its last."""
    depth_of_function, depth, began, found = None, 0, 0, []
    for match in re.finditer(r"[{}]", text):
        if match.group() == "{":
            head, begin = head_of(text, match.start())
            preprocessed = re.sub(r"^\s*#.*$", "", head, flags=re.M)
            is_function = "(" in preprocessed and not NO_FUNCTION.search(preprocessed.split("(")[0])
            if depth_of_function is None and is_function:
                depth_of_function = depth
                began = text.count("\n", 0, begin + len(head) - len(head.lstrip())) + 1
            depth += 1
        else:
            depth -= 1
            if depth == depth_of_function:
                depth_of_function = None
                found.append((began, text.count("\n", 0, match.start()) + 2 - began))
    return found


def main():
    root = root_of(sys.argv)
    problems, files = [], 0
    for path in sources(root):
        files += 1
        text = (root / path).read_text()
        lines = text.splitlines()
        for line, length in functions_in(without_comments(text)):
            if length > FUNCTION_LINES and lines[line - 2].strip() != TABLE:
                problems.append(f"{path}:{line}: a function of {length} lines, more than {FUNCTION_LINES}")
    finish(problems, f"sizes of {files} files")


if __name__ == "__main__":
    main()

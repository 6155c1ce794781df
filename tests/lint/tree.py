"""What the lints look at: the files of the tree, without build directories."""
import sys
from pathlib import Path

FOLDERS = ("daemon", "store", "proto", "tui", "ctl", "tests", "man", "cmake")


def root_of(arguments=sys.argv):
    return Path(arguments[1]).resolve() if len(arguments) > 1 else Path(__file__).resolve().parents[2]


def sources(root, endings=(".h", ".cc")):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in endings and path.is_file():
                yield path.relative_to(root).as_posix()


def every_text_file(root):
    """Path and text of every file that is ours, wherever it lies."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] in ("build", ".git") or "__pycache__" in parts or not path.is_file():
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            yield path.relative_to(root).as_posix(), data.decode("utf-8", "replace")


def without_comments(text):
    """C++ with comments and the insides of string and character literals blanked, line numbers kept."""
    out, i, end = [], 0, len(text)
    while i < end:
        if text.startswith("//", i):
            i = text.find("\n", i) if "\n" in text[i:] else end
        elif text.startswith("/*", i):
            stop = text.find("*/", i + 2)
            stop = end if stop < 0 else stop + 2
            out.append("\n" * text.count("\n", i, stop))
            i = stop
        elif text.startswith('R"', i):
            opening = text.find("(", i)
            closing = ")" + text[i + 2:opening] + '"'
            stop = text.find(closing, opening)
            stop = end if stop < 0 else stop + len(closing)
            out.append('""' + "\n" * text.count("\n", i, stop))
            i = stop
        elif text[i] == '"' or (text[i] == "'" and not (out and out[-1][-1:].isalnum())):
            stop = i + 1
            while stop < end and text[stop] != text[i] and text[stop] != "\n":
                stop += 2 if text[stop] == "\\" else 1
            out.append(text[i] * 2)
            i = stop + 1
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def lead_comment(text):
    """The first comment block of a file (after #pragma once)."""
    lines = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//"):
            lines.append(stripped)
        elif lines or stripped not in ("", "#pragma once"):
            break
    return "\n".join(lines)


def finish(problems, checked):
    for problem in problems:
        print(problem)
    print(f"{checked}: {len(problems)} problem(s)" if problems else f"{checked}: all well")
    sys.exit(1 if problems else 0)

#!/usr/bin/python3
"""headers.py ROOT BUILD: every header compiles by itself, with the flags of a source beside it.

A header that is the first include of a source which the build compiles has been shown to stand alone already; only
the others are compiled here.
"""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import finish, root_of, sources

DROPPED_WITH_VALUE = ("-o", "-MF", "-MT", "-MQ")


def flags_of(entry):
    """The compiler and its flags, without launcher, source, output and dependency files."""
    words = shlex.split(entry["command"])
    if "ccache" in os.path.basename(words[0]):
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in DROPPED_WITH_VALUE:
            skip = True
        elif word not in ("-c", "-MD", "-MMD") and word != entry["file"]:
            kept.append(word)
    return kept


def read_build(root, build):
    """Folder of the tree to the flags of one of its sources; the headers that some source includes first."""
    flags, first = {}, set()
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        if file.is_relative_to(root) and not file.is_relative_to(build):
            flags.setdefault(file.relative_to(root).parent.as_posix(), flags_of(entry))
            include = re.search(r'^\s*#\s*include\s*[<"]([^>"]+)', file.read_text(), re.M)
            first.add(include.group(1) if include else "")
    return flags, first


def flags_for(header, by_folder):
    folder = Path(header).parent
    while folder.as_posix() not in by_folder and folder != folder.parent:
        folder = folder.parent
    return by_folder.get(folder.as_posix())


def compile_alone(root, header, flags):
    # Included twice: a header without a guard shows here too.
    text = f'#include "{header}"\n#include "{header}"\n'
    run = subprocess.run([*flags, "-I", str(root), "-O0", "-U_FORTIFY_SOURCE", "-fsyntax-only", "-x", "c++", "-"],
                         cwd=root, input=text, capture_output=True, text=True)
    return None if run.returncode == 0 else f"{header} does not compile by itself:\n{run.stderr[:2000]}"


def main():
    root, build = root_of(), Path(sys.argv[2]).resolve()
    by_folder, proven = read_build(root, build)
    fallback = next((flags for folder, flags in by_folder.items() if folder.startswith("daemon/")), None)
    if fallback is None:
        print("skipped: no compile_commands.json with our sources")
        sys.exit(77)
    headers = list(sources(root, (".h",)))
    rest = [header for header in headers if header not in proven]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = pool.map(lambda header: compile_alone(root, header, flags_for(header, by_folder) or fallback), rest)
    finish([result for result in results if result], f"{len(headers)} headers, {len(rest)} compiled alone")


if __name__ == "__main__":
    main()

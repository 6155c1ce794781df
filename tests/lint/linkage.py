#!/usr/bin/python3
"""linkage.py ROOT BINARY: what a program needs to be loaded, against the library table of ARCHITECTURE.md."""
import fnmatch
import re
import subprocess
import sys
from pathlib import Path

from architecture import read_libraries
from tree import finish, root_of

SYSTEM = re.compile(r"^(libc|libm|libstdc\+\+|libgcc_s|libpthread|libdl|librt|ld-linux.*|libasan|libubsan|libtsan)\.so")


def needed(binary):
    text = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text)


def stem(soname):
    return re.sub(r"(-[\d.]+)?\.so.*$", "", soname)


def strangers(libraries, program, sonames):
    allowed = [pattern for library in libraries if program in library.programs for pattern in library.sonames]
    for soname in sonames:
        if not SYSTEM.match(soname) and not any(fnmatch.fnmatchcase(stem(soname), pattern) for pattern in allowed):
            yield soname


def main():
    root, binary = root_of(), Path(sys.argv[2])
    if not binary.exists():
        print(f"skipped: {binary} is not built")
        sys.exit(77)
    sonames = needed(binary)
    problems = [f"{binary.name} needs {soname}, which ARCHITECTURE.md does not give it"
                for soname in strangers(read_libraries(root), binary.name, sonames)]
    finish(problems, f"{binary.name} needs {' '.join(sonames)}")


if __name__ == "__main__":
    main()

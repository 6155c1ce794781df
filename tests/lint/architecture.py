"""The layer and library tables of ARCHITECTURE.md, as values."""
import re
from dataclasses import dataclass
from pathlib import Path

QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Unit:
    path: str
    pure: bool
    allowed: tuple  # folders, files; ("*",) for everything


@dataclass(frozen=True)
class Library:
    name: str
    headers: tuple
    included_by: tuple
    programs: tuple
    sonames: tuple


def rows_under(text, first_cell):
    """The cells of each row of the one table whose header begins with first_cell."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if re.match(rf"\|\s*{first_cell}\s*\|", line)]
    if len(starts) != 1:
        raise SystemExit(f"ARCHITECTURE.md: {len(starts)} tables that begin with '{first_cell}', want one")
    width = len(lines[starts[0]].strip("|").split("|"))
    rows = []
    for number, line in enumerate(lines[starts[0] + 2:], starts[0] + 3):
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != width:
            raise SystemExit(f"ARCHITECTURE.md:{number}: {len(cells)} cells, want {width}")
        rows.append((number, cells))
    return rows


def read_units(root):
    units = {}
    for number, (names, kind, allowed) in rows_under((Path(root) / "ARCHITECTURE.md").read_text(), "unit"):
        paths, targets = QUOTED.findall(names), tuple(QUOTED.findall(allowed))
        if not paths or kind not in ("", "pure") or QUOTED.sub("", allowed).strip() not in ("", "everything"):
            raise SystemExit(f"ARCHITECTURE.md:{number}: cannot read this row")
        for path in paths:
            if path in units:
                raise SystemExit(f"ARCHITECTURE.md:{number}: second row for {path}")
            units[path] = Unit(path, kind == "pure", ("*",) if allowed == "everything" else targets)
    return units


def read_libraries(root):
    libraries = []
    for number, cells in rows_under((Path(root) / "ARCHITECTURE.md").read_text(), "library"):
        name, headers, _, _, included_by, linked = cells
        programs, _, sonames = linked.partition(":")
        if linked and not sonames:
            raise SystemExit(f"ARCHITECTURE.md:{number}: want 'programs: libraries' in the last cell")
        libraries.append(Library(name, *(tuple(QUOTED.findall(cell)) for cell in (headers, included_by, programs, sonames))))
    return libraries


def covers(prefix, path):
    """Does the row `prefix` (a folder, or a file without its ending) speak for `path`?"""
    return path == prefix or path.startswith(prefix + "/") or path.rsplit(".", 1)[0] == prefix


def unit_of(units, path):
    fitting = [unit for unit in units.values() if covers(unit.path, path)]
    return max(fitting, key=lambda unit: len(unit.path), default=None)

#!/usr/bin/python3
"""Checks every #include of the tree against the tables of ARCHITECTURE.md, and that pure code is pure."""
import re

from architecture import covers, read_libraries, read_units, unit_of
from tree import finish, lead_comment, root_of, sources, without_comments

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
GENERATED = re.compile(r"(\.grpc)?\.pb\.h$")  # from the .proto of the same path below proto/
IMPURE_HEADER = re.compile(
    r"^(sys/|netinet/|arpa/|linux/|asm/|net/|(unistd|fcntl|poll|signal|pthread|time|pwd|grp|netdb|dirent|dlfcn|sched|syslog|termios)\.h$|"
    r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|fstream|iostream|filesystem|random)$)")
IMPURE_CALL = re.compile(r"::now\s*\(|\b(getenv|secure_getenv|rand|random|srand|time|clock|system|popen|localtime|localtime_r|raise|kill|sigaction)\s*\(")
MEMBER_OR_OWN = re.compile(r"(\.|->|[\w>&*\]]\s+|[A-Za-z_]\w*::)$")


def is_pure(unit, text):
    return unit.pure or unit.path != "tests" and re.search(r"\bPure[.,;:]", lead_comment(text)) is not None


def impure_calls(text):
    for match in IMPURE_CALL.finditer(text):
        before = text[max(0, match.start() - 60):match.start()]
        name = match.group(1)
        # `x.time(`, `own::clock(` and a declaration `T time(` are names of ours, not the C library's.
        if name and MEMBER_OR_OWN.search(before) and not re.search(r"(\breturn|\bstd::|(^|\W)::)\s*$", before):
            continue
        yield text.count("\n", 0, match.start()) + 1, match.group(0).rstrip("(").strip()


class Layers:
    def __init__(self, root):
        self.root = root
        self.units = read_units(root)
        self.libraries = read_libraries(root)
        self.texts = {path: (root / path).read_text() for path in sources(root)}
        self.problems = []
        self.edges = {path: [] for path in self.texts}

    def run(self):
        self.check_table()
        for path, text in self.texts.items():
            unit = unit_of(self.units, path)
            if unit is None:
                self.problems.append(f"{path}:1: no row of ARCHITECTURE.md speaks for this file")
                continue
            pure = is_pure(unit, text)
            for match in INCLUDE.finditer(text):
                place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
                self.check_include(place, path, unit, pure, match.group(1), match.group(2))
            if pure:
                for line, call in impure_calls(without_comments(text)):
                    self.problems.append(f"{path}:{line}: pure code calls {call}; it takes what it uses as an argument")
        self.check_cycles()
        return self.problems

    def check_table(self):
        def walk(path, trail):
            if path in trail:
                self.problems.append("ARCHITECTURE.md: layers form a cycle: " + " -> ".join(trail[trail.index(path):] + [path]))
                return
            for target in self.units[path].allowed:
                owner = unit_of(self.units, target)
                if target != "*" and owner is None:
                    self.problems.append(f"ARCHITECTURE.md: {path} may include {target}, which has no row")
                elif target != "*" and owner.path != path:
                    walk(owner.path, trail + [path])
        for path in self.units:
            walk(path, [])
        self.problems = sorted(set(self.problems))

    def check_include(self, place, path, unit, pure, bracket, target):
        if bracket == '"' and target in self.texts:
            self.edges[path].append(target)
            self.check_own(place, path, unit, pure, target)
        elif GENERATED.search(target) and (self.root / "proto" / GENERATED.sub(".proto", target)).exists():
            self.check_generated(place, unit, pure, target)
        elif bracket == '"':
            self.problems.append(f'{place}: "{target}" is no file of the tree; ours are included from its root, others in <>')
        else:
            self.check_library(place, path, pure, target)

    def check_own(self, place, path, unit, pure, target):
        home = unit_of(self.units, target)
        if home is None:
            return
        allowed = unit.allowed == ("*",) or any(target == entry or covers(entry, target) for entry in unit.allowed)
        if not allowed and not self.same_folder(path, target, unit, home):
            self.problems.append(f"{place}: {unit.path} may not include {target}")
        if pure and not is_pure(home, self.texts[target]):
            self.problems.append(f"{place}: pure code includes {target}, which is not pure")

    def same_folder(self, path, target, unit, home):
        """A folder and the single files that have rows of their own are still one folder."""
        if path.rsplit("/", 1)[0] == target.rsplit("/", 1)[0]:
            return True
        return home.path == unit.path or home.path.startswith(unit.path + "/") or unit.path.startswith(home.path + "/")

    def check_generated(self, place, unit, pure, target):
        if not covers("proto", unit.path) and unit.allowed != ("*",) and "proto" not in unit.allowed:
            self.problems.append(f"{place}: {unit.path} may not include {target}")
        if pure and target.endswith(".grpc.pb.h"):
            self.problems.append(f"{place}: pure code includes {target}, which is not pure")

    def check_library(self, place, path, pure, target):
        if pure and IMPURE_HEADER.match(target):
            self.problems.append(f"{place}: pure code includes <{target}>")
        owners = [(len(prefix), library) for library in self.libraries for prefix in library.headers
                  if target == prefix or (prefix.endswith("/") and target.startswith(prefix))]
        if not owners:
            if "/" in target and not re.match(r"(sys|netinet|arpa|linux|net|bits)/", target):
                self.problems.append(f"{place}: <{target}> belongs to no library of ARCHITECTURE.md")
            return
        library = max(owners, key=lambda owner: owner[0])[1]
        if not path.startswith("tests/") and "*" not in library.included_by and not any(
                covers(user, path) for user in library.included_by):
            self.problems.append(f"{place}: <{target}> ({library.name}) is not for this folder")

    def check_cycles(self):
        state, trail = {}, []

        def visit(path):
            state[path] = "open"
            trail.append(path)
            for target in self.edges[path]:
                if state.get(target) == "open":
                    self.problems.append("include cycle: " + " -> ".join(trail[trail.index(target):] + [target]))
                elif target not in state:
                    visit(target)
            trail.pop()
            state[path] = "done"
        for path in self.edges:
            if path not in state:
                visit(path)


if __name__ == "__main__":
    layers = Layers(root_of())
    finish(layers.run(), f"layers of {len(layers.texts)} files")

#!/usr/bin/python3
"""documented.py ROOT BUILD: what the programs have and what the manual pages say they have, in both directions.

Commands, options, exit codes, methods with their roles, directives and filter fields. The programs are asked for their
help, the rest is read from the one place that defines it. A program that is not built yet is left out, visibly.
"""
import re
import subprocess
import sys
from pathlib import Path

from tree import finish, root_of

OPTION = re.compile(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)")


class Page:
    """A manual page as macro lines."""

    def __init__(self, path):
        self.text = path.read_text()
        self.lines = self.text.splitlines()

    def section(self, title):
        found = re.search(rf"^\.S[hs] {re.escape(title)}\n(.*?)(?=^\.Sh |\Z)", self.text, re.M | re.S)
        return found.group(1) if found else ""

    @staticmethod
    def items(section):
        """Each list item of the outermost kind that begins with Cm: its name and the text up to the next one."""
        parts = re.split(r"^\.It (?:Xo )?Cm ", section, flags=re.M)[1:]
        return {part.split()[0]: ".It Cm " + part for part in parts}

    @staticmethod
    def options(text):
        """The options that macros mark: `Fl s , Fl -server` is -s and --server."""
        return {"-" + word for line in text.splitlines() if line.startswith(".")
                for word in re.findall(r"\bFl (-?[A-Za-z][A-Za-z-]*)", line)}


class Comparison:
    def __init__(self, root, build):
        self.root, self.build, self.problems, self.compared = root, build, [], []
        self.pages = {path.name: Page(path) for path in (build / "man").glob("*.[1-8]")}

    def both_ways(self, what, real, documented, page):
        self.compared.append(f"{len(real)} {what}")
        if not real:
            self.problems.append(f"found no {what} at all: this lint no longer understands its source")
        self.problems += [f"{page} does not document {name} among the {what}" for name in sorted(real - documented)]
        self.problems += [f"{page} documents {name} among the {what}, which is not there" for name in sorted(documented - real)]

    def help_of(self, program, *words):
        binary = self.build / "bin" / program
        if not binary.exists():
            return None
        return subprocess.run([binary, *words, "--help"], capture_output=True, text=True, timeout=30).stdout

    def mpmctl(self):
        text = self.help_of("mpmctl")
        if text is None:
            self.compared.append("mpmctl is not built")
            return
        page = self.pages["mpmctl.1"]
        listed = text.split("\n\n")[1]
        commands = set(re.findall(r"^  ([a-z][a-z-]*)", listed, re.M))
        items = {}
        for section in ("Look", "Tune", "Act"):
            items |= page.items(page.section("COMMANDS").partition(f".Ss {section}\n")[2].partition("\n.Ss ")[0])
        self.both_ways("commands", commands, set(items), "mpmctl(1)")
        everywhere = set(OPTION.findall("\n".join(text.split("\n\n")[2:]).partition("Exit:")[0]))
        written = page.options(page.section("DESCRIPTION"))
        # A long form of an option with a letter, and --help itself, are not worth a column of the help.
        long_forms = {"--server", "--instance", "--output", "--help"}
        self.both_ways("options of mpmctl", everywhere - long_forms, written - long_forms, "mpmctl(1)")
        for command in sorted(commands & set(items)):
            own = set(OPTION.findall(" ".join(re.findall(r"^  (-\S+(?:, -\S+)?)", self.help_of(
                "mpmctl", command).partition("For every command")[0], re.M))))
            written = page.options(items[command])
            if own or written:
                self.both_ways(f"options of mpmctl {command}", own, written, "mpmctl(1)")

    def mpmd(self):
        text = self.help_of("mpmd")
        if text is None:
            self.compared.append("mpmd is not built")
            return
        section = self.pages["mpmd.8"].section("DESCRIPTION")
        self.both_ways("options of mpmd", set(OPTION.findall(" ".join(re.findall(r"^ +(-.*?)(?:  |$)", text, re.M)))),
                       self.pages["mpmd.8"].options("\n".join(re.findall(r"^\.It .*", section, re.M))), "mpmd(8)")

    def exit_codes(self):
        real = set(re.findall(r"= (\d+);", (self.root / "ctl/exit_code.h").read_text()))
        self.both_ways("exit codes", real, set(re.findall(r"^\.It (\d+)$", self.pages["mpmctl.1"].section("EXIT STATUS"), re.M)),
                       "mpmctl(1)")

    def methods(self):
        """Each as `Service.Method role`; the role is the comment at the method, which the authorization test also reads."""
        real = set()
        for file in (self.root / "proto/mpm/control/v1").glob("*.proto"):
            for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", file.read_text(), re.M | re.S):
                for comment, method in re.findall(r"((?:^  //.*\n)+)  rpc (\w+)", body, re.M):
                    role = re.search(r"Role: (\w+)", comment)
                    real.add(f"{service}.{method} {role.group(1) if role else 'of nobody'}")
        section = self.pages["mpmd-control.8"].section("DESCRIPTION")
        written = {f"{a}.{b} {c}" for a, b, c in re.findall(r"^\.It (\w+) Ta (\w+) Ta (\w+)$", section, re.M)}
        self.both_ways("methods", real, written, "mpmd-control(8)")

    def directives(self):
        if "mpmd.conf.5" not in self.pages:
            self.compared.append("mpmd.conf(5) is not built")
            return
        names = subprocess.run([self.build / "tools/directives_mdoc", "--names"], capture_output=True, text=True, check=True)
        real = set(names.stdout.split())
        page = self.pages["mpmd.conf.5"]
        self.both_ways("directives", real, set(page.items(page.section("DIRECTIVES"))), "mpmd.conf(5)")
        told = subprocess.run([self.build / "tools/directives_mdoc", "--sections"], capture_output=True, text=True, check=True)
        section = page.section("SECTIONS")
        written = set(page.items(section)) | {word for row in re.findall(r"^\.It Li (\S+) Ta Li (\S+)", section, re.M) for word in row}
        self.both_ways("sections and modules", set(told.stdout.split()), written, "mpmd.conf(5)")
        for name, other in self.pages.items():
            for word in re.findall(r"^\.Cm ([A-Z]\w+[a-z]\w*)", other.text, re.M):
                if word not in real:
                    self.problems.append(f"{name} names {word}, which is no directive")

    def filter_fields(self):
        table = self.root / "daemon/control/connection_field.cc"
        if not table.exists():
            self.compared.append("the control process is not there")
            return
        real = set(re.findall(r'^    \{"(\w+)", FieldKind::', table.read_text(), re.M))
        page = self.pages["mpmctl-filters.7"]
        fields = page.section("DESCRIPTION").partition(".Ss Fields\n")[2]
        self.both_ways("filter fields", real, set(page.items(fields)), "mpmctl-filters(7)")

    def run(self):
        self.mpmctl()
        self.mpmd()
        self.exit_codes()
        self.methods()
        self.directives()
        self.filter_fields()
        finish(self.problems, "; ".join(self.compared))


if __name__ == "__main__":
    if not (Path(sys.argv[2]) / "man/mpmctl.1").exists():
        print("skipped: the manual pages are not built")
        sys.exit(77)
    Comparison(root_of(), Path(sys.argv[2])).run()

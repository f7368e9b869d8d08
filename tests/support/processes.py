"""Programs of several languages that run at the same time on one profile: how each is started, and what became of it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KIST_BUILD_DIR") or ROOT / "build/release")
PYTHON = os.environ.get("KIST_PYTHON") or str(ROOT / "build/venv/bin/python")
JAVA = os.path.join(os.environ["JAVA_HOME"], "bin/java") if os.environ.get("JAVA_HOME") else "java"
TITLES = {"cpp": "C++", "c": "C", "python": "Python", "java": "Java", "swift": "Swift"}
POLL = 0.02  # seconds


class Failure(Exception):
    """What to tell instead of a result."""


class Program:
    """A running program and, once it has ended, what it said."""

    def __init__(self, language, command, folder):
        self.language = language
        self.command = [str(part) for part in command]
        self.out = folder / f"{language}.out"
        self.err = folder / f"{language}.err"
        # Names of files are UTF-8; a virtual machine takes them for that only in such a locale.
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment
            )

    def running(self):
        return self.process.poll() is None

    def failed(self):
        return self.process.poll() not in (None, 0)

    def report(self):
        """The line of JSON that the program printed last, or None."""
        lines = self.out.read_text(errors="replace").splitlines()
        try:
            return json.loads(lines[-1])
        except (IndexError, ValueError):
            return None

    def account(self):
        """How it ended and what it wrote to stderr, for people."""
        status = "running" if self.running() else f"status {self.process.returncode}"
        errors = self.err.read_text(errors="replace").strip() or "(nothing on stderr)"
        return f"--- {TITLES[self.language]}, {status}: {' '.join(self.command)}\n{errors}"


class Group:
    """Programs by language, which are killed when the `with` block is left early."""

    def __init__(self, commands, folder):
        self.programs = {}
        try:
            for language, command in commands.items():
                self.programs[language] = Program(language, command, folder)
        except OSError as error:
            self.kill()
            raise Failure(f"{TITLES[language]} cannot be started: {error}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        for program in self.programs.values():
            if program.running():
                program.process.kill()
            program.process.wait()

    def wait(self, languages, seconds, meanwhile=lambda: None):
        """Waits until these have ended, calling `meanwhile` again and again. Failure when any program fails, or after that time."""
        deadline = time.monotonic() + seconds
        while any(self.programs[language].running() for language in languages):
            if any(program.failed() for program in self.programs.values()):
                time.sleep(1)  # Others may have noticed the same, and say more.
                raise self.failure("a program has failed")
            if time.monotonic() > deadline:
                raise self.failure(f"the programs have not ended within {seconds:g} seconds")
            meanwhile()
            time.sleep(POLL)
        if any(program.failed() for program in self.programs.values()):
            raise self.failure("a program has failed")

    def failure(self, message):
        return Failure("\n".join([message, *(program.account() for program in self.programs.values())]))

    def reports(self):
        """What each program printed, by language. Failure when one printed nothing of the kind."""
        reports = {language: program.report() for language, program in self.programs.items()}
        if None in reports.values():
            raise self.failure("a program has ended without a result")
        return reports


def print_table(header, rows):
    """Prints rows of text under a header; columns that hold numbers are aligned to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    numeric = [all(row[i].replace(",", "").isdigit() for row in rows) for i in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = (text.rjust(width) if right else text.ljust(width) for text, width, right in zip(row, widths, numeric))
        print("  ".join(cells).rstrip())


def finish(main, skipped):
    """Ends this process with what `main` gives, after a line for each part that was `skipped`."""
    # So that children are killed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        good = main()
    except Failure as failure:
        print(failure, file=sys.stderr)
        good = False
    for part in skipped:
        print(f"SKIPPED {part}", flush=True)
    sys.exit(1 if not good or (skipped and os.environ.get("KIST_REQUIRE_ALL") == "1") else 0)

"""Runs parts of tests in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Callable


def in_fork(work: Callable[[], object]) -> None:
    """Runs `work` in a forked child and fails with its traceback when it raises there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 0
        try:
            work()
        except BaseException:
            status = 1
            os.write(writing, traceback.format_exc().encode())
        # The child must run neither pytest's end nor the interpreter's.
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, said or f"the child ended with wait status {status}"


def run_program(program: str, *arguments: object) -> str:
    """Runs a Python program in an interpreter of its own; its output."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout

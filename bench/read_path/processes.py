"""What processes have used of the machine, from /proc, and the servers that are started for a measurement.

Only processes started here are ever stopped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
BENCH = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that answers at `port`."""

    pid: int
    port: int


def read_cpu_seconds(root: int) -> float:
    """The user and system seconds of a process, its living descendants and its children that have ended."""
    total = 0.0
    for pid in list_tree(root):
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # Fields 14 to 17 of proc(5): user and system time, and the same of children waited for, in ticks.
            own, ended = (sum(map(int, parts[place : place + 2])) * TICK for place in (11, 13))
            total += (_read_scheduled_seconds(pid) or own) + ended
    return total


def _read_scheduled_seconds(pid: int) -> float:
    """The seconds on a processor of all threads, to the nanosecond; 0 where the kernel does not count them."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def list_tree(root: int) -> list[int]:
    """A process and all that it started and that still run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parts = (entry / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(parts[1]), []).append(int(entry.name))
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


@contextlib.contextmanager
def running_servers(commands: Mapping[str, tuple[Sequence[str], Mapping[str, str]]]) -> Iterator[dict[str, Served]]:
    """Servers by name, each a command with its environment, from their start to their end.

    They start beside one another; each prints `port N` when it answers.
    """
    with contextlib.ExitStack() as stack:
        started = {
            name: stack.enter_context(_running(command, environment))
            for name, (command, environment) in commands.items()
        }
        yield {name: Served(pid=process.pid, port=_read_port(process)) for name, process in started.items()}


@contextlib.contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, cwd=BENCH, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read_port(process: subprocess.Popen[str]) -> int:
    if process.stdout is None:
        raise RuntimeError("the server has no output to read its port from")
    for line in process.stdout:
        if line.startswith("port "):
            return int(line.split()[1])
    raise RuntimeError("the server ended before it answered")


def profile_path(pid: int) -> Path:
    """Where the server of that process writes its profile when it is asked for one."""
    return Path(tempfile.gettempdir()) / f"measured-{pid}.profile"


def name_python_server(module: str, *arguments: str) -> list[str]:
    """The command that runs one of the Python servers."""
    return [sys.executable, "-m", f"read_path.servers.{module}", *arguments]

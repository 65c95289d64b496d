"""Installs PostGraphile with a Node of its own, by npm and from a lock of hashes, when it is asked for.

Where npm is absent or the packages cannot be had, it says so; the other variants are measured all the same.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent / "postgraphile"
_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--engine-strict=false")
_MACHINES: Final = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class CannotInstallError(RuntimeError):
    """It cannot be installed here; the message says why."""


def install_peer(tell: Callable[[str], None]) -> list[str]:
    """Install where it is not, or not as the lock has it; gives the command that serves."""
    npm = shutil.which("npm")
    if npm is None:
        raise CannotInstallError("npm is not installed")
    lock, done = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        tell("installing PostGraphile, once")
        if subprocess.run([npm, *_INSTALL], cwd=FOLDER, check=False, stdout=subprocess.DEVNULL).returncode:
            raise CannotInstallError("npm could not install it")
    system, machine = platform.system().lower(), _MACHINES.get(platform.machine(), platform.machine())
    node = FOLDER / "node_modules" / f"node-{system}-{machine}" / "bin" / "node"
    if not node.exists():
        raise CannotInstallError("there is no Node among its packages for this machine")
    return [str(node), str(FOLDER / "server.mjs")]

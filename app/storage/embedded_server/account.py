"""The operating-system account that owns the embedded server, and running its programs as that account.

The server never runs as root, and its programs never see the caller's environment, terminal or folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.errors import SetupRefused
from app.storage.private_files import FOLDER_MODE, ensure_folder

ACCOUNT_NAME = "probity"
_FALLBACK_NAME = "nobody"
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """Who owns data and server; `demoted` says that the caller is root and gives its rights up first."""

    uid: int
    gid: int
    demoted: bool

    @property
    def owner(self) -> tuple[int, int] | None:
        """What a new folder's owner must be set to; None when the caller makes it and so owns it."""
        return (self.uid, self.gid) if self.demoted else None

    def run(
        self,
        command: Sequence[str | Path],
        *,
        output: IO[bytes] | int = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        own_session: bool = False,
    ) -> int:
        """Runs a program to its end as this account and returns its exit code.

        Raises OSError if the account may not execute the program, SetupRefused if root may not change accounts.
        """
        try:
            return subprocess.run(  # noqa: S603  (a list of arguments made here, no shell)
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=_plain_environment(),
                umask=0o077,
                user=self.uid if self.demoted else None,
                group=self.gid if self.demoted else None,
                extra_groups=() if self.demoted else None,
                pass_fds=pass_fds,
                start_new_session=own_session,
            ).returncode
        except subprocess.SubprocessError:
            raise SetupRefused(
                "root may not act for the server's account here; run as an ordinary user, or set PROBITY_DATABASE_URL"
            ) from None

    def may_run(self, program: Path) -> bool:
        """Whether the account can reach the program and everything that it loads."""
        try:
            return self.run([program, "--version"]) == 0
        except OSError:
            return False

    def may_enter(self, folder: Path) -> bool:
        """Whether the account can pass through the folder and every one above it."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]) == 0

    def make_folder(self, folder: Path) -> None:
        """Makes a folder that this account alone may use, unless it is there already."""
        ensure_folder(folder, mode=FOLDER_MODE, owner=self.owner)


def choose_account(data: Path, report: Callable[[str], None]) -> ServerAccount:
    """The owner of existing data; for new data the caller, or a system account made for it if that is root."""
    caller = os.geteuid()
    owner = _owner_of(data)
    if owner is not None and (owner[0] == 0 or caller not in (0, owner[0])):
        raise SetupRefused(
            f"{data} belongs to a user that may not run it; give it back to its owner and run as that user, or "
            "set PROBITY_HOME to another folder"
        )
    if caller != 0:
        return ServerAccount(uid=caller, gid=os.getegid(), demoted=False)
    uid, gid = owner or _ensure_system_account(report)
    return ServerAccount(uid=uid, gid=gid, demoted=True)


def _owner_of(data: Path) -> tuple[int, int] | None:
    try:
        status = data.lstat()
    except FileNotFoundError:
        return None
    return status.st_uid, status.st_gid


def _ensure_system_account(report: Callable[[str], None]) -> tuple[int, int]:
    """The (uid, gid) of the account for root's databases; never root's own."""
    if _find_account(ACCOUNT_NAME) is None:
        report(f"making the system account {ACCOUNT_NAME}, because the database never runs as root")
        _make_system_account()
    found = _find_account(ACCOUNT_NAME)
    if found is None:
        report(f"the system account {ACCOUNT_NAME} cannot be made here; the database runs as {_FALLBACK_NAME}")
        found = _find_account(_FALLBACK_NAME)
    if found is None or found[0] == 0:
        raise SetupRefused(
            f"there is no unprivileged account for the database; make one named {ACCOUNT_NAME}, or run as an "
            "ordinary user"
        )
    return found


def _make_system_account() -> None:
    program = shutil.which("useradd", path=_SYSTEM_PATH)
    if program is None:
        return
    nologin = shutil.which("nologin", path=_SYSTEM_PATH) or "/bin/false"
    # A failure shows in the next look-up, as does another process that was first.
    subprocess.run(  # noqa: S603  (a list of arguments made here, no shell)
        [
            program,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir=/nonexistent",
            f"--shell={nologin}",
            ACCOUNT_NAME,
        ],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _find_account(name: str) -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _plain_environment() -> dict[str, str]:
    """What the server sees: no PG* setting of the caller's, and no secret that its environment may hold."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": _SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC", **kept}

"""Making a new, empty database cluster, once per home folder.

The data folder gets its name only when it is complete: one that a crash left half-made is thrown away and redone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from app.errors import SetupRefused
from app.storage.embedded_server.account import ServerAccount
from app.storage.embedded_server.binaries import ServerBinaries
from app.storage.embedded_server.folders import ClusterFolders
from app.storage.embedded_server.server_log import open_log
from app.storage.file_locks import open_lock, wait_for_lock
from app.storage.private_files import FILE_MODE, sync_folder, write_private_file

SUPERUSER = "postgres"


def ensure_data(
    folders: ClusterFolders,
    account: ServerAccount,
    binaries: ServerBinaries,
    *,
    password: str,
    durable: bool,
    report: Callable[[str], None],
) -> None:
    """Makes the data folder unless it is there; refuses one of another major version. Needs the start lock."""
    if folders.data.exists():
        _refuse_other_version(folders.data, binaries)
        return
    report("making a new database (once for this home folder)")
    lock = open_lock(folders.server_lock)
    try:
        # Held by initdb too: one that outlived its killed caller is waited for, not written into.
        wait_for_lock(lock)
        if folders.unfinished_data.exists():
            shutil.rmtree(folders.unfinished_data)
        account.make_folder(folders.unfinished_data)
        with _password_file(folders.new_password, password, account):
            _run_initdb(folders, account, binaries, lock=lock, durable=durable)
    finally:
        os.close(lock)
    folders.unfinished_data.rename(folders.data)
    if durable:
        sync_folder(folders.storage)


def _run_initdb(
    folders: ClusterFolders, account: ServerAccount, binaries: ServerBinaries, *, lock: int, durable: bool
) -> None:
    command: list[str | Path] = [
        binaries.program("initdb"),
        f"--pgdata={folders.unfinished_data}",
        f"--username={SUPERUSER}",
        f"--pwfile={folders.new_password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        # Sorting by code point, classes of characters by Unicode: the same on every machine, whatever its C library.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    with open_log(folders.log) as log:
        outcome = account.run(command, output=log, pass_fds=(lock,))
    if outcome != 0:
        raise SetupRefused(f"initdb could not make the database; mend what {folders.log} says, then start again")


@contextlib.contextmanager
def _password_file(path: Path, password: str, account: ServerAccount) -> Iterator[None]:
    """The superuser's password where initdb alone reads it, gone afterwards."""
    write_private_file(path, password + "\n", mode=FILE_MODE, owner=account.owner)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _refuse_other_version(data: Path, binaries: ServerBinaries) -> None:
    major = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if major != str(binaries.major):
        raise SetupRefused(
            f"the data in {data} is of another major version of PostgreSQL; dump it with that version and load it "
            "into a new PROBITY_HOME"
        )

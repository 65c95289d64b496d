"""The embedded PostgreSQL of one home folder, for as long as a process uses it.

The first user starts it and the last one stops it; nobody logs in without a password.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from app.errors import SetupRefused
from app.storage.embedded_server.account import choose_account
from app.storage.embedded_server.binaries import choose_binaries
from app.storage.embedded_server.folders import (
    PORT,
    ClusterFolders,
    drop_distant_sockets,
    locate_folders,
    start_lock,
)
from app.storage.embedded_server.initialise import SUPERUSER, ensure_data
from app.storage.embedded_server.processes import Server
from app.storage.file_locks import hold_lock, open_lock, share_lock, try_lock
from app.storage.private_files import ensure_home
from app.storage.secrets import Secrets

PASSWORD_NAME = "postgres-superuser"  # noqa: S105  (the name it is kept under)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedCluster:
    """A running server that accepts logins on its socket."""

    socket_dir: Path
    port: int
    data_dir: Path
    log: Path
    superuser: str
    superuser_password: str = field(repr=False)

    def url(self, *, user: str, password: str, database: str) -> str:
        """A connection URL as libpq and asyncpg read it, every part percent-encoded."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        host = quote(str(self.socket_dir), safe="")
        return f"postgresql://{login}@/{quote(database, safe='')}?host={host}&port={self.port}"


@contextmanager
def running_cluster(
    home: Path, *, progress: Callable[[str], None] | None = None, durable: bool = True
) -> Iterator[EmbeddedCluster]:
    """The embedded server of `home`, started if it is not running and stopped when its last user leaves.

    Blocks, without a limit, while the server recovers; `progress` gets a line now and then. `durable=False` is for
    tests: a crash of the machine may lose or break everything. It does not change a server that is running.
    Raises SetupRefused when this machine, account or folder cannot carry a database.
    """
    report = progress or _report_nothing
    home = ensure_home(home)
    lock = start_lock(home)
    with hold_lock(lock, on_wait=lambda: report("another process is starting or stopping the database; waiting")):
        server, password = _prepare_server(home, report, durable=durable)
        users = open_lock(server.folders.users_lock)
        try:
            share_lock(users)
            server.ensure_running(durable=durable)
        except BaseException:
            _leave(server, users)
            raise
    try:
        yield _describe_cluster(server.folders, password)
    finally:
        with hold_lock(lock):
            _leave(server, users)


def _prepare_server(home: Path, report: Callable[[str], None], *, durable: bool) -> tuple[Server, str]:
    """The server that belongs to the home folder, with its data made, and the superuser's password."""
    folders, account = locate_folders(home, lambda data: choose_account(data, report))
    binaries = choose_binaries(account, report)
    if folders.data.exists() and Secrets(home).get(PASSWORD_NAME) is None:
        raise SetupRefused(
            f"the password of the database in {folders.data} is missing from secrets.json in the home folder; put "
            "the latest copy of that file back"
        )
    # Kept before it is used: a crash in between leaves a password without a database, which harms nobody.
    password = Secrets(home).get_or_create(PASSWORD_NAME)
    ensure_data(folders, account, binaries, password=password, durable=durable, report=report)
    return Server(folders=folders, account=account, binaries=binaries, report=report), password


def _leave(server: Server, users: int) -> None:
    """Gives up this process's share, and stops the server if nobody else has one; the start lock must be held."""
    try:
        if try_lock(users):
            server.stop()
            drop_distant_sockets(server.folders)
    finally:
        os.close(users)


def _describe_cluster(folders: ClusterFolders, password: str) -> EmbeddedCluster:
    return EmbeddedCluster(
        socket_dir=folders.sockets,
        port=PORT,
        data_dir=folders.data,
        log=folders.log,
        superuser=SUPERUSER,
        superuser_password=password,
    )


def _report_nothing(line: str) -> None:
    """For callers who do not show progress."""

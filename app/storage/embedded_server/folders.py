"""Where one home folder keeps its embedded database: data, socket, log, locks.

Mode and owner of a folder that the user made are never changed, nor those of any folder above.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import SetupRefused
from app.storage.embedded_server.account import ServerAccount
from app.storage.private_files import (
    FOLDER_MODE,
    PASSAGE_MODE,
    ensure_folder,
    is_private,
    write_private_file,
)

# Root's databases and programs, where the server's account cannot reach the home folder or the installation.
SYSTEM_FOLDER = Path("/var/lib/probity")
PORT = 5432  # part of the socket's name only
# A socket's path is bounded by sockaddr_un: 107 bytes on Linux, 103 on macOS and the BSDs.
_LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFolders:
    """`control` is always inside the home; `storage` is the same folder unless the server cannot reach it."""

    control: Path
    storage: Path
    sockets: Path

    @property
    def data(self) -> Path:
        return self.storage / "data"

    @property
    def unfinished_data(self) -> Path:
        return self.storage / "data.unfinished"

    @property
    def new_password(self) -> Path:
        return self.storage / "new-password"

    @property
    def configuration(self) -> Path:
        return self.storage / "server.conf"

    @property
    def access_rules(self) -> Path:
        return self.storage / "access.conf"

    @property
    def log(self) -> Path:
        return self.storage / "server.log"

    @property
    def users_lock(self) -> Path:
        return self.storage / "users.lock"

    @property
    def server_lock(self) -> Path:
        return self.storage / "server.lock"

    @property
    def process_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def socket(self) -> Path:
        return socket_in(self.sockets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What the cluster's own file remembers; None means inside the control folder."""

    storage: Path | None = None
    sockets: Path | None = None


def socket_in(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"


def control_folder(home: Path) -> Path:
    """Makes and returns the folder with the cluster's own file and the lock that serialises starting."""
    control = home / "postgres"
    ensure_folder(control, mode=PASSAGE_MODE if os.geteuid() == 0 else FOLDER_MODE)
    return control


def start_lock(home: Path) -> Path:
    return control_folder(home) / "start.lock"


def locate_folders(home: Path, choose_account: Callable[[Path], ServerAccount]) -> tuple[ClusterFolders, ServerAccount]:
    """Finds (the first time: chooses, makes and remembers) a home's folders; the start lock must be held.

    `choose_account` is given the data folder, which may not exist yet.
    """
    control = control_folder(home)
    record = _read_record(control)
    account = choose_account((record.storage or control) / "data")
    storage = record.storage or _choose_storage(control, account)
    sockets = _choose_sockets(storage, record.sockets, account)
    chosen = _Record(
        storage=None if storage == control else storage, sockets=None if sockets.parent == storage else sockets
    )
    if chosen != record:
        _write_record(control, chosen)
    return ClusterFolders(control=control, storage=storage, sockets=sockets), account


def drop_distant_sockets(folders: ClusterFolders) -> None:
    """Removes a socket folder that lies far from the data, after the server's end; the next start makes another."""
    if folders.sockets.parent == folders.storage:
        return
    try:
        folders.sockets.rmdir()
        if folders.sockets.parent.parent == SYSTEM_FOLDER:
            folders.sockets.parent.rmdir()
    except OSError:
        return
    _write_record(folders.control, replace(_read_record(folders.control), sockets=None))


def ensure_system_folder() -> Path:
    """Root's folder for databases and programs that must lie outside a home; refused if anyone else can write it."""
    ensure_folder(SYSTEM_FOLDER, mode=PASSAGE_MODE)
    status = SYSTEM_FOLDER.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise SetupRefused(f"{SYSTEM_FOLDER} must be a folder that only root may write; give it to root, mode 711")
    return SYSTEM_FOLDER


def _choose_storage(control: Path, account: ServerAccount) -> Path:
    if account.may_enter(control):
        return control
    if (control / "data").exists() or not account.demoted:
        raise SetupRefused(
            f"the owner of the data in {control} cannot enter that folder; let it pass through the folders above, "
            "or set PROBITY_HOME to another folder"
        )
    return _system_storage(control)


def _system_storage(control: Path) -> Path:
    storage = ensure_system_folder() / hashlib.sha256(os.fsencode(control)).hexdigest()[:16]
    ensure_folder(storage, mode=PASSAGE_MODE)
    return storage


def _choose_sockets(storage: Path, remembered: Path | None, account: ServerAccount) -> Path:
    """A folder of mode 0700 whose path is short enough for a socket's address."""
    near = storage / "sockets"
    if not _fits(near) and account.demoted:
        near = _system_storage(storage) / "sockets"
    if _fits(near):
        account.make_folder(near)
        _refuse_exposed_sockets(near, account)
        return near
    if remembered is not None and _is_own_folder(remembered, account):
        return remembered
    chosen = Path(tempfile.mkdtemp(prefix="probity-"))
    if not _fits(chosen):
        chosen.rmdir()
        raise SetupRefused("PROBITY_HOME and TMPDIR are too long for a socket's path; set either to a shorter folder")
    return chosen


def _fits(folder: Path) -> bool:
    return len(os.fsencode(socket_in(folder))) <= _LONGEST_SOCKET_PATH


def _refuse_exposed_sockets(folder: Path, account: ServerAccount) -> None:
    if not _is_own_folder(folder, account):
        raise SetupRefused(
            f"{folder} must be a folder that only the server's account can use; stop the server and remove it"
        )


def _is_own_folder(folder: Path, account: ServerAccount) -> bool:
    """Whether nobody but the account could have put something there, a link to another place included."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and is_private(status)


def _read_record(control: Path) -> _Record:
    try:
        content = json.loads((control / "cluster.json").read_text(encoding="utf-8"))
        places = {name: Path(content[name]) if content[name] else None for name in ("storage", "sockets")}
    except FileNotFoundError:
        return _Record()
    except (ValueError, KeyError, TypeError):
        raise SetupRefused(f"cluster.json in {control} is damaged; put its latest copy back") from None
    return _Record(storage=places["storage"], sockets=places["sockets"])


def _write_record(control: Path, record: _Record) -> None:
    content = {"storage": record.storage, "sockets": record.sockets}
    text = json.dumps({name: str(place) if place else None for name, place in content.items()}, indent=2)
    write_private_file(control / "cluster.json", text + "\n")

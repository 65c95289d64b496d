"""Files and folders that only their owner may read.

A reader never sees half a file: each one is written under a temporary name, then renamed.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
# Others may pass through to a file that they are allowed to read, but cannot list what is there.
PASSAGE_MODE = 0o711


def ensure_home(home: Path) -> Path:
    """Makes the home folder if it is absent and returns its real path; an existing one keeps its mode.

    For root the folder may be passed through, because root's database runs as an unprivileged user.
    """
    ensure_folder(home, mode=PASSAGE_MODE if os.geteuid() == 0 else FOLDER_MODE)
    return home.resolve(strict=True)


def ensure_folder(folder: Path, *, mode: int = FOLDER_MODE, owner: tuple[int, int] | None = None) -> None:
    """Makes one folder with exactly this mode, and this owner (uid, gid), unless it is there already."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        return
    if owner is not None:
        os.chown(folder, *owner)
    folder.chmod(mode)


def write_private_file(path: Path, text: str, *, mode: int = FILE_MODE, owner: tuple[int, int] | None = None) -> None:
    """Replaces a file as a whole, durably; until the rename only its writer may read the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a rename inside the folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_private(status: os.stat_result) -> bool:
    """Whether neither group nor others have any right; the status must be the entry's own (lstat, fstat)."""
    return stat.S_IMODE(status.st_mode) & 0o077 == 0

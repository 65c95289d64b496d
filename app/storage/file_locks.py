"""Locks between processes that the kernel drops when their holder dies, however it dies.

A lock's file is never deleted: two processes would then hold "the" lock on different files.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import SetupRefused
from app.storage.private_files import FILE_MODE

_WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


def open_lock(path: Path) -> int:
    """Opens (and makes) a lock file and returns its descriptor, which no child process inherits."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    except PermissionError:
        raise SetupRefused(
            "the home folder's locks belong to another user; run as that user, or set PROBITY_HOME to a folder "
            "of your own"
        ) from None


def try_lock(descriptor: int) -> bool:
    """Takes the lock for this holder alone, or says at once that somebody else has it."""
    try:
        _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int) -> None:
    """Takes the lock for this holder alone, waiting as long as it takes."""
    _flock(descriptor, fcntl.LOCK_EX)


def share_lock(descriptor: int) -> None:
    """Takes the lock together with any number of others who share it."""
    _flock(descriptor, fcntl.LOCK_SH)


@contextmanager
def hold_lock(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock alone inside the block; `on_wait` is called once if somebody else has it."""
    descriptor = open_lock(path)
    try:
        if not try_lock(descriptor):
            if on_wait is not None:
                on_wait()
            wait_for_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _flock(descriptor: int, operation: int) -> None:
    try:
        fcntl.flock(descriptor, operation)
    except OSError as error:
        if error.errno not in _WITHOUT_LOCKS:
            raise
        raise SetupRefused(
            "the home folder's file system has no file locks; set PROBITY_HOME to a folder on a local disk"
        ) from None

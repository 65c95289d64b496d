"""The log of the embedded server, beside its data.

Readable by its owner only, and never more than two files of bounded size at a start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from app.storage.private_files import FILE_MODE

_LARGEST_LOG = 8 * 2**20


def open_log(path: Path) -> BinaryIO:
    """Opens the log for appending; the caller closes it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    return os.fdopen(descriptor, "ab")


def rotate_log(path: Path) -> None:
    """Puts a large log aside, over the one put aside before; no server may be writing to it."""
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))

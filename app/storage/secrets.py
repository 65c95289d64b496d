"""The generated secrets of one home folder: passwords and keys that nobody chose.

They are never readable by group or others, never logged, and never part of a message.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from app.errors import SetupRefused
from app.storage.file_locks import hold_lock
from app.storage.private_files import ensure_home, is_private, write_private_file

_SECRETS_NAME = "secrets.json"
_LOCK_NAME = "secrets.lock"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Named secrets in `<home>/secrets.json`, mode 0600; every process of one home sees the same values."""

    home: Path

    @property
    def path(self) -> Path:
        return self.home / _SECRETS_NAME

    def get(self, name: str) -> str | None:
        """The secret of this name, or None if it was never made; refuses a file that others can read."""
        return _read_secrets(self.path).get(name)

    def get_or_create(self, name: str, nbytes: int = 32) -> str:
        """The secret of this name, made of `nbytes` random bytes (URL-safe base64) on first use."""
        ensure_home(self.home)
        with hold_lock(self.home / _LOCK_NAME):
            known = _read_secrets(self.path)
            if name not in known:
                known[name] = secrets.token_urlsafe(nbytes)
                write_private_file(self.path, json.dumps(known, indent=2, sort_keys=True) + "\n")
            return known[name]


def _read_secrets(path: Path) -> dict[str, str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError:
        raise SetupRefused(
            f"{path} cannot be opened as an ordinary file of this user; run as its owner, or set PROBITY_HOME "
            "to a folder of your own"
        ) from None
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        _refuse_exposed_file(path, os.fstat(stream.fileno()))
        try:
            content = json.load(stream)
        except ValueError:
            content = None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise SetupRefused(f"{path} is damaged; put its latest copy back")
    return content


def _refuse_exposed_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SetupRefused(f"{path} is not an ordinary file; remove it or set PROBITY_HOME to another folder")
    if not is_private(status):
        raise SetupRefused(
            f"{path} can be read by other users of this machine; replace the secrets that it held, or if nobody "
            "else has read it, run: chmod 600 on it"
        )

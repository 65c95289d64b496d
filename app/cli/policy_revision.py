"""A policy by the name one gives it: a directory, or a revision of this checkout as git knows it.

It never touches the working tree: a revision is read from git's own store into a directory that is then forgotten.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from app.errors import PolicyRefused
from app.policy.bundle import PolicyBundle, load_bundle

_FOLDER: Final = "policies"
_SECONDS: Final = 60


def read_policy(name: str, root: Path) -> PolicyBundle:
    """The policy in the directory `name`, or in that revision of the checkout at `root`; raises `PolicyRefused`."""
    directory = Path(name)
    if directory.is_dir():
        return load_bundle(directory)
    with TemporaryDirectory(prefix="probity-policy-") as place:
        with tarfile.open(fileobj=io.BytesIO(_read_revision(name, root))) as archive:
            archive.extractall(place, filter="data")
        return load_bundle(Path(place) / _FOLDER)


def _read_revision(name: str, root: Path) -> bytes:
    commit = _ask_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise PolicyRefused(
            "neither a policy directory nor a revision of this checkout; name one that is here, "
            "or fetch the history that a shallow clone lacks"
        )
    archive = _ask_git(root, "archive", "--format=tar", commit.decode("ascii").strip(), _FOLDER)
    if archive is None:
        raise PolicyRefused(f"the revision has no directory {_FOLDER}; name one that has")
    return archive


def _ask_git(root: Path, *words: str) -> bytes | None:
    git = shutil.which("git")
    if git is None:
        raise PolicyRefused("git is not installed, so revisions cannot be read; name policy directories instead")
    # No shell, and what the caller names stands behind --end-of-options or is a hash by then.
    done = subprocess.run([git, "-C", str(root), *words], capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else None

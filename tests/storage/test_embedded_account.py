"""The embedded server runs for root and for ordinary users, and itself never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.storage.embedded import EmbeddedCluster, running_cluster

IS_ROOT = os.geteuid() == 0

# Everything is imported while the interpreter's own files can still be read.
USE_AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from app.storage.embedded import running_cluster
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[2]))
async def ask(cluster):
    connection = await asyncpg.connect(
        cluster.url(user=cluster.superuser, password=cluster.superuser_password, database="postgres")
    )
    print(await connection.fetchval("SELECT 'answered'"), cluster.data_dir.stat().st_uid)
    await connection.close()
with running_cluster(Path(sys.argv[1]), durable=False) as cluster:
    asyncio.run(ask(cluster))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that its owner alone can enter."""
    made = Path(tempfile.mkdtemp(prefix="probity-test-"))
    yield made
    shutil.rmtree(made)


async def ask(cluster: EmbeddedCluster, query: str) -> object:
    url = cluster.url(user=cluster.superuser, password=cluster.superuser_password, database="postgres")
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_server_never_runs_as_root(folder: Path) -> None:
    folder.chmod(0o711)
    with running_cluster(folder / "home", durable=False) as cluster:
        pid = int((cluster.data_dir / "postmaster.pid").read_text().split()[0])
        owner = cluster.data_dir.stat().st_uid
        assert owner != 0
        assert IS_ROOT or owner == os.geteuid()
        process = Path(f"/proc/{pid}")
        if process.exists():
            assert process.stat().st_uid == owner


async def test_a_home_that_the_servers_account_cannot_reach_keeps_its_own_mode(folder: Path) -> None:
    if not IS_ROOT:
        pytest.skip("the caller owns the server, so every home of theirs can be reached")
    with running_cluster(folder / "home", durable=False) as cluster:
        assert not cluster.data_dir.is_relative_to(folder)
        await ask(cluster, "CREATE TABLE kept AS SELECT 7 AS n")
    with running_cluster(folder / "home", durable=False) as again:
        assert again.data_dir == cluster.data_dir
        assert await ask(again, "SELECT n FROM kept") == 7
    assert mode_of(folder) == 0o700
    shutil.rmtree(cluster.data_dir.parent)


def test_an_ordinary_user_runs_a_server_of_their_own(folder: Path) -> None:
    if not IS_ROOT:
        pytest.skip("every other test ran as an ordinary user")
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    ids = [str(nobody.pw_uid), str(nobody.pw_gid)]
    outcome = subprocess.run(
        [sys.executable, "-c", USE_AS_NOBODY, str(folder / "home"), *ids], capture_output=True, text=True, check=False
    )
    if "programs do not run on this machine" in outcome.stderr:
        pytest.skip("an ordinary user cannot reach the installed programs here")
    assert outcome.stdout == f"answered {nobody.pw_uid}\n", outcome.stderr

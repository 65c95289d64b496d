"""The embedded server lets nobody in without a password, survives every kill and leaves when its last user does."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.errors import SetupRefused
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.file_locks import open_lock, try_lock

IS_ROOT = os.geteuid() == 0
SASL = 10  # the code of AuthenticationSASL in the frontend/backend protocol

USE = """
import sys
from pathlib import Path
from app.storage.embedded import running_cluster
with running_cluster(Path(sys.argv[1]), durable=False) as cluster:
    print(cluster.socket_dir, flush=True)
    sys.stdin.readline()
"""


def make_reachable_folder() -> Path:
    """A folder that root's server can enter, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="probity-test-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One durable database for the whole file, made by the first test that needs it."""
    folder = make_reachable_folder()
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
def cluster(home: Path) -> Iterator[EmbeddedCluster]:
    with running_cluster(home) as running:
        yield running


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A home of its own for a test that harms it."""
    folder = make_reachable_folder()
    yield folder / "home"
    shutil.rmtree(folder)


async def connect(cluster: EmbeddedCluster) -> asyncpg.Connection:
    url = cluster.url(user=cluster.superuser, password=cluster.superuser_password, database="postgres")
    return await asyncpg.connect(url)


async def ask(cluster: EmbeddedCluster, query: str) -> object:
    connection = await connect(cluster)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def process_lines(cluster: EmbeddedCluster) -> list[str]:
    return (cluster.data_dir / "postmaster.pid").read_text().splitlines()


def server_pid(cluster: EmbeddedCluster) -> int:
    return int(process_lines(cluster)[0])


def some_server_lives(cluster: EmbeddedCluster) -> bool:
    descriptor = open_lock(cluster.data_dir.parent / "server.lock")
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def start_user(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the database until its input ends; returns once it has it."""
    process = subprocess.Popen(
        [sys.executable, "-c", USE, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def end_user(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")
    assert process.returncode == 0


def first_answer(cluster: EmbeddedCluster, user: str, database: str) -> tuple[bytes, int]:
    """Kind and first number of the server's first message to a login that has offered nothing yet."""
    content = struct.pack("!i", 3 << 16) + f"user\0{user}\0database\0{database}\0\0".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(cluster.socket_dir / f".s.PGSQL.{cluster.port}"))
        client.sendall(struct.pack("!i", len(content) + 4) + content)
        answer = client.recv(9, socket.MSG_WAITALL)
    return answer[:1], struct.unpack("!i", answer[5:9])[0]


async def test_the_right_password_opens_a_server_of_version_18_or_later(cluster: EmbeddedCluster) -> None:
    connection = await connect(cluster)
    assert connection.get_server_version().major >= 18
    await connection.close()


@pytest.mark.parametrize("user", ["postgres", "root", "probity_public"])
def test_every_login_is_asked_for_a_password_first(cluster: EmbeddedCluster, user: str) -> None:
    assert first_answer(cluster, user, "postgres") == (b"R", SASL)


async def test_a_login_without_a_password_is_refused(
    cluster: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    place = {"host": str(cluster.socket_dir), "port": cluster.port, "passfile": tmp_path / "absent"}
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(user=cluster.superuser, database="postgres", **place)


async def test_a_login_with_a_wrong_password_is_refused(cluster: EmbeddedCluster) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.url(user=cluster.superuser, password="wrong", database="postgres"))


async def test_a_role_without_a_password_cannot_log_in(cluster: EmbeddedCluster) -> None:
    await ask(cluster, "CREATE ROLE open_door LOGIN")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.url(user="open_door", password="", database="postgres"))


async def test_the_only_access_rule_is_scram_on_the_socket(cluster: EmbeddedCluster) -> None:
    connection = await connect(cluster)
    rules = await connection.fetch("SELECT type, database, user_name, auth_method, error FROM pg_hba_file_rules")
    await connection.close()
    assert [tuple(rule) for rule in rules] == [("local", ["all"], ["all"], "scram-sha-256", None)]


async def test_odd_characters_in_names_and_passwords_survive_the_url(cluster: EmbeddedCluster) -> None:
    await ask(cluster, """CREATE ROLE "o/d@d:?#& %ü" LOGIN PASSWORD 'p@s/s:w?o#r&d %é'""")
    await ask(cluster, 'CREATE DATABASE "d/b ?#é"')
    url = cluster.url(user="o/d@d:?#& %ü", password="p@s/s:w?o#r&d %é", database="d/b ?#é")
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT current_database() || current_user") == "d/b ?#éo/d@d:?#& %ü"
    await connection.close()


async def test_nothing_listens_on_the_network(cluster: EmbeddedCluster) -> None:
    assert await ask(cluster, "SHOW listen_addresses") == ""
    assert process_lines(cluster)[5] == ""  # the first address it listens on


def test_only_the_servers_account_may_use_the_socket_folder(cluster: EmbeddedCluster) -> None:
    assert mode_of(cluster.socket_dir) == 0o700
    assert mode_of(cluster.socket_dir / ".s.PGSQL.5432") == 0o700
    assert cluster.socket_dir.lstat().st_uid == cluster.data_dir.stat().st_uid


def test_the_password_is_kept_in_the_secrets_file_only(cluster: EmbeddedCluster, home: Path) -> None:
    assert cluster.superuser_password not in repr(cluster)
    holders = {
        path.name
        for path in home.rglob("*")
        if path.is_file() and cluster.superuser_password.encode() in path.read_bytes()
    }
    assert holders == {"secrets.json"}


async def test_pages_are_checked_and_text_sorts_the_same_everywhere(cluster: EmbeddedCluster) -> None:
    assert await ask(cluster, "SHOW data_checksums") == "on"
    provider = "SELECT datlocprovider::text || datlocale || pg_encoding_to_char(encoding) FROM pg_database LIMIT 1"
    assert await ask(cluster, provider) == "bC.UTF-8UTF8"
    assert await ask(cluster, "SELECT lower('ÉÜ') || (E'a\\u0301' < 'b')::text") == "éütrue"


async def test_a_value_in_a_failing_statement_does_not_reach_the_log(cluster: EmbeddedCluster) -> None:
    connection = await connect(cluster)
    with pytest.raises(asyncpg.PostgresError, match="Marisol"):
        await connection.execute("SELECT 'Marisol Quintero'::int")
    with pytest.raises(asyncpg.PostgresError, match="Marisol"):
        await connection.fetchval("SELECT ($1::text)::int", "Marisol Quintero")
    await connection.execute("DO $$ BEGIN RAISE WARNING 'Marisol Quintero'; END $$")
    await connection.close()
    log = cluster.log.read_text()
    assert "ready to accept connections" in log
    assert "Marisol" not in log


async def test_a_superuser_cannot_loosen_the_settings(cluster: EmbeddedCluster) -> None:
    with pytest.raises(asyncpg.PostgresError, match="ALTER SYSTEM"):
        await ask(cluster, "ALTER SYSTEM SET log_statement = 'all'")


async def test_committed_data_survives_a_kill_of_the_server(home: Path) -> None:
    with running_cluster(home) as first:
        await ask(first, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(server_pid(first), signal.SIGKILL)
        with running_cluster(home) as second:
            assert await ask(second, "SELECT sum(n) FROM kept") == 500500
            assert "was not properly shut down" in second.log.read_text()
    assert not some_server_lives(first)


def test_an_old_process_number_that_is_now_a_strangers_does_not_block_the_start(home: Path) -> None:
    with running_cluster(home) as cluster:
        lines = process_lines(cluster)
        owner = cluster.data_dir.stat()
    account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if IS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **account) as stranger:
        stale = cluster.data_dir / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        stale.chmod(0o600)
        os.chown(stale, owner.st_uid, owner.st_gid)
        with running_cluster(home) as again:
            assert server_pid(again) != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


async def test_the_first_of_two_users_to_leave_does_not_stop_the_server(home: Path) -> None:
    with running_cluster(home) as cluster:
        pid = server_pid(cluster)
        end_user(start_user(home))
        assert await ask(cluster, "SELECT 1") == 1
        other = start_user(home)
    assert some_server_lives(cluster)
    assert server_pid(cluster) == pid
    end_user(other)
    assert not some_server_lives(cluster)
    assert not (cluster.data_dir / "postmaster.pid").exists()


def test_users_that_start_together_share_one_server(home: Path) -> None:
    command = [sys.executable, "-c", USE, str(home)]
    users = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    places = {user.stdout.readline() for user in users if user.stdout}
    for user in users:
        end_user(user)
    assert len(places) == 1
    with running_cluster(home) as cluster:
        assert places == {f"{cluster.socket_dir}\n"}


async def test_a_server_whose_only_user_was_killed_is_taken_over_and_then_stopped(home: Path) -> None:
    user = start_user(home)
    user.kill()
    user.communicate(timeout=20)  # ends only if the server holds none of its user's pipes open
    lines: list[str] = []
    with running_cluster(home, progress=lines.append) as cluster:
        assert await ask(cluster, "SELECT 1") == 1
    assert "starting the database server" not in lines
    assert not some_server_lives(cluster)


async def test_a_server_whose_socket_was_removed_is_restarted(home: Path) -> None:
    user = start_user(home)
    with running_cluster(home) as cluster:
        (cluster.socket_dir / ".s.PGSQL.5432").unlink()
        with running_cluster(home) as again:
            assert await ask(again, "SELECT 1") == 1
    end_user(user)


def test_the_server_outlives_an_interrupt_of_the_terminal(home: Path) -> None:
    with running_cluster(home) as cluster:
        assert os.getpgid(server_pid(cluster)) != os.getpgid(0)
        assert os.getsid(server_pid(cluster)) != os.getsid(0)


def test_the_server_sees_none_of_its_users_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBITY_DATABASE_URL", "marked-environment")
    monkeypatch.setenv("PGDATA", "marked-environment")
    with running_cluster(home) as cluster:
        environment = Path(f"/proc/{server_pid(cluster)}/environ")
        if not environment.exists():
            pytest.skip("this system does not show a process's environment")
        assert b"marked-environment" not in environment.read_bytes()


def test_a_half_made_database_is_thrown_away_and_made_again(fresh_home: Path) -> None:
    left = fresh_home / "postgres" / "data.unfinished"
    (left / "base").mkdir(parents=True)
    (left / "PG_VERSION").write_text("18\n")
    fresh_home.chmod(0o711)
    left.parent.chmod(0o711)
    lines: list[str] = []
    with running_cluster(fresh_home, durable=False, progress=lines.append) as cluster:
        assert (cluster.data_dir / "PG_VERSION").exists()
    assert not left.exists()
    assert not (left.parent / "new-password").exists()
    assert any("making a new database" in line for line in lines)


def test_a_server_that_dies_while_starting_is_reported_at_once_with_its_log(fresh_home: Path) -> None:
    with running_cluster(fresh_home, durable=False) as cluster:
        pass
    (cluster.data_dir / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(SetupRefused, match=r"stopped while starting; mend what .*server\.log says"):
        running_cluster(fresh_home, durable=False).__enter__()
    assert not some_server_lives(cluster)


def test_data_of_another_major_version_is_refused(home: Path) -> None:
    with running_cluster(home) as cluster:
        pass
    version = cluster.data_dir / "PG_VERSION"
    right = version.read_text()
    version.write_text("17\n")
    with pytest.raises(SetupRefused, match="another major version"):
        running_cluster(home).__enter__()
    version.write_text(right)


def test_a_database_whose_password_is_lost_is_refused_before_it_is_started(home: Path) -> None:
    with running_cluster(home) as cluster:
        pass
    kept = (home / "secrets.json").rename(home / "secrets.kept")
    with pytest.raises(SetupRefused, match=r"missing from secrets\.json"):
        running_cluster(home).__enter__()
    kept.replace(home / "secrets.json")
    assert not some_server_lives(cluster)


async def test_a_home_too_deep_for_a_socket_gets_a_short_private_socket_folder() -> None:
    folder = make_reachable_folder()
    home = folder / ("deep" * 30) / "home"
    with running_cluster(home, durable=False) as cluster:
        assert len(os.fsencode(cluster.socket_dir / ".s.PGSQL.5432")) <= 107
        assert mode_of(cluster.socket_dir) == 0o700
        assert await ask(cluster, "SELECT 1") == 1
        with running_cluster(home, durable=False) as again:
            assert again.socket_dir == cluster.socket_dir
    assert not cluster.socket_dir.exists()
    shutil.rmtree(folder)

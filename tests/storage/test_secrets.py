"""Generated secrets stay private to one user and are the same for every process of a home folder."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import SetupRefused
from app.storage.secrets import Secrets

MAKE_ONE = """
import sys
from pathlib import Path
from app.storage.secrets import Secrets
print(Secrets(Path(sys.argv[1])).get_or_create("shared"))
"""


def test_a_secret_is_made_once_and_then_kept(tmp_path: Path) -> None:
    made = Secrets(tmp_path).get_or_create("token")
    assert Secrets(tmp_path).get_or_create("token") == made
    assert Secrets(tmp_path).get("token") == made


def test_a_secret_that_was_never_made_is_absent(tmp_path: Path) -> None:
    assert Secrets(tmp_path).get("token") is None
    assert not Secrets(tmp_path).path.exists()


def test_secrets_of_two_names_and_of_two_homes_differ(tmp_path: Path) -> None:
    here, there = Secrets(tmp_path / "here"), Secrets(tmp_path / "there")
    assert len({here.get_or_create("a"), here.get_or_create("b"), there.get_or_create("a")}) == 3


def test_a_secret_holds_as_many_random_bytes_as_asked(tmp_path: Path) -> None:
    assert len(Secrets(tmp_path).get_or_create("short", nbytes=24)) == 32
    assert len(Secrets(tmp_path).get_or_create("long", nbytes=48)) == 64


def test_only_the_owner_may_read_the_file_whatever_the_umask(tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "home")
    secrets.get_or_create("first")
    secrets.get_or_create("second")
    assert stat.S_IMODE(secrets.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.home.stat().st_mode) & 0o066 == 0
    assert {entry.name for entry in secrets.home.iterdir()} == {"secrets.json", "secrets.lock"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_use_is_refused_without_its_content(tmp_path: Path, mode: int) -> None:
    secrets = Secrets(tmp_path)
    made = secrets.get_or_create("token")
    secrets.path.chmod(mode)
    for ask in (secrets.get, secrets.get_or_create):
        with pytest.raises(SetupRefused, match="chmod 600") as refusal:
            ask("token")
        assert made not in str(refusal.value)


def test_a_link_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    elsewhere = Secrets(tmp_path / "elsewhere")
    elsewhere.get_or_create("token")
    secrets = Secrets(tmp_path / "home")
    secrets.home.mkdir()
    secrets.path.symlink_to(elsewhere.path)
    with pytest.raises(SetupRefused, match="ordinary file"):
        secrets.get("token")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"token": 1}'])
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    secrets = Secrets(tmp_path)
    secrets.path.write_text(content)
    secrets.path.chmod(0o600)
    with pytest.raises(SetupRefused, match="damaged"):
        secrets.get_or_create("token")
    assert secrets.path.read_text() == content


def test_processes_that_start_together_get_the_same_secret(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE_ONE, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {process.communicate()[0] for process in started}
    assert len(answers) == 1
    assert answers == {f"{Secrets(tmp_path).get('shared')}\n"}

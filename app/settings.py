"""The configuration of one process, read once from the environment and frozen.

A setting that is missing or wrong is refused at start with what to do about it; no default ever weakens access.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import SetupRefused


class Mode(StrEnum):
    """`demo` has an issuer of its own, worlds and a movable clock; `production` has none of them."""

    DEMO = "demo"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process needs to know before it starts.

    `login_urls` maps the name of a login (`agency`, `post`, ...) to its database address. `issuers_file` names a JSON
    file of trusted token issuers and their key sets (docs/operations.md). `origin` is the address under which clients
    reach this server; proofs of possession name it, so it is never taken from a request. `exports` is the
    folder of exports, which all serving processes of an installation share; in the home folder if it is not set.
    """

    mode: Mode
    home: Path
    port: int
    owner_url: str | None = None
    login_urls: Mapping[str, str] = field(default_factory=dict)
    issuers_file: Path | None = None
    origin: str | None = None
    exports: Path | None = None
    root: Path = Path(__file__).resolve().parents[1]

    @property
    def is_demo(self) -> bool:
        """Whether this process may issue tokens, load worlds and move the clock."""
        return self.mode is Mode.DEMO


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`; raises `SetupRefused` naming the variable to mend."""
    prefix = "PROBITY_DATABASE_URL_"
    return Settings(
        mode=_read_mode(environment.get("PROBITY_MODE", "demo")),
        home=Path(environment.get("PROBITY_HOME", ".local")).resolve(),
        port=_read_port(environment.get("PORT", "8000")),
        owner_url=environment.get("PROBITY_DATABASE_URL"),
        login_urls={
            name.removeprefix(prefix).lower(): value for name, value in environment.items() if name.startswith(prefix)
        },
        origin=_read_origin(environment.get("PROBITY_ORIGIN")),
        exports=Path(folder).resolve() if (folder := environment.get("PROBITY_EXPORTS")) else None,
        issuers_file=Path(value) if (value := environment.get("PROBITY_ISSUERS_FILE")) else None,
    )


def _read_mode(value: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise SetupRefused("PROBITY_MODE must be demo or production; set one of them") from None


def _read_port(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise SetupRefused("PORT must be a whole number from 1 to 65535; set another")
    return int(value)


def _read_origin(value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"} or parts.query:
        raise SetupRefused("PROBITY_ORIGIN must be a scheme and a host, such as https://registry.example; mend it")
    return value.rstrip("/")

"""`probity token`: an access token of the demo issuer, and the grant its account needs to use it.

It is refused outside demo mode and on a database that production has touched; only the token goes to standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.errors import SetupRefused
from app.identity.claims import is_account_name, is_ori, is_scope_list, is_state_code
from app.identity.issuer import DEMO_KEY_NAME, DEMO_WARNING, DemoIssuer, TokenOrder
from app.identity.keys import KeyRefused, compute_jwk_thumbprint
from app.identity.strict_json import read_json_object
from app.identity.tokens import LONGEST_LIFETIME
from app.main import ensure_up_to_date
from app.settings import Settings, read_settings
from app.storage.cluster import Addresses, open_addresses
from app.storage.grants import DEMO_GRANTER, ensure_demo_grant
from app.storage.migrate import require_demo
from app.storage.secrets import Secrets
from app.storage.world.owner import connected_owner

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Word = TypeVar("Word", bound=StrEnum)

_LARGEST_KEY_FILE: Final = 65_536
# The option that says where a role is held; a role that is not here is held for the whole registry.
_SCOPE_OPTION: Final[Mapping[Role, str]] = {
    Role.HIRING_INVESTIGATOR: "agency",
    Role.RECORDS_OFFICER: "agency",
    Role.AGENCY_HEAD: "agency",
    Role.POST_OFFICER: "state",
    Role.OFFICER: "officer",
    Role.OFFICER_REP: "officer",
}


class UnusableOption(Exception):
    """An option that fits its own form, but not the others or its file."""


def register(subparsers: Subparsers) -> None:
    """Add the command `token` to the command line."""
    token = subparsers.add_parser(
        "token",
        help="make an access token of the demo issuer (demo mode)",
        description="Make an access token of the demo issuer and print it; the account gets the grant it needs.",
    )
    token.add_argument("--role", required=True, type=_read_word(Role), help="the one role that is active")
    token.add_argument("--purpose", required=True, type=_read_word(Purpose), help="what the requests are for")
    token.add_argument(
        "--agency", metavar="ORI", type=_read_form(is_ori, "an ORI is two letters and seven letters or digits")
    )
    token.add_argument(
        "--state", metavar="XX", type=_read_form(is_state_code, "a State is named by its two-letter postal code")
    )
    token.add_argument("--officer", metavar="UUID", type=_read_uuid, help="the officer that is, or is represented")
    token.add_argument(
        "--subject",
        metavar="NAME",
        type=_read_form(is_account_name, "an account has 1 to 200 printable characters"),
        help="the account (demo- and the role)",
    )
    token.add_argument(
        "--scope",
        metavar="S",
        action="append",
        default=[],
        type=_read_form(is_scope_list, "scopes are printable words with one space between them"),
        help="scopes; may be given several times",
    )
    token.add_argument(
        "--acr", metavar="A", type=_read_form(is_account_name, "printable characters only"), help="how one signed in"
    )
    token.add_argument(
        "--ttl",
        metavar="SECONDS",
        type=_read_lifetime,
        default=LONGEST_LIFETIME,
        help=f"how long it lives ({LONGEST_LIFETIME}, the most there is)",
    )
    token.add_argument("--dpop", metavar="JWK-FILE", type=Path, help="bind it to this EC P-256 key, public or private")
    token.set_defaults(handler=print_token)


def print_token(arguments: argparse.Namespace) -> int:
    """Make and print the token; 0 made, 1 refused, 2 options or key file that cannot be used."""
    try:
        order = _read_order(arguments)
        settings = _require_demo_mode()
        issuer = DemoIssuer(
            secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
            mode=settings.mode,
            clock=read_system_clock,
            draw_id=draw_random_id,
        )
        with open_addresses(settings) as addresses:
            is_held = asyncio.run(_ensure_grant(addresses, settings, order))
    except UnusableOption as fault:
        return _complain(str(fault), code=2)
    except SetupRefused as refusal:
        return _complain(str(refusal), code=1)
    if not is_held:
        _complain("the grant of this account has ended and is not renewed; its requests will be refused", code=0)
    _complain(DEMO_WARNING, code=0)
    print(issuer.issue_token(order))
    return 0


def _read_order(arguments: argparse.Namespace) -> TokenOrder:
    role: Role = arguments.role
    _refuse_wrong_scope(arguments, role)
    if arguments.subject == DEMO_GRANTER:
        raise UnusableOption("this account gives the grants of the demo and holds none; choose another --subject")
    return TokenOrder(
        account=arguments.subject or f"demo-{role.value}",
        role=role,
        purpose=arguments.purpose,
        agency_ori=arguments.agency,
        state_code=arguments.state,
        officer_id=arguments.officer,
        scopes=tuple(dict.fromkeys(word for given in arguments.scope for word in given.split(" "))),
        acr=arguments.acr,
        lifetime=arguments.ttl,
        key_thumbprint=_read_thumbprint(arguments.dpop) if arguments.dpop else None,
    )


def _refuse_wrong_scope(arguments: argparse.Namespace, role: Role) -> None:
    needed = _SCOPE_OPTION.get(role)
    if needed is not None and getattr(arguments, needed) is None:
        raise UnusableOption(f"the role {role.value} is held somewhere; say where with --{needed}")
    if role is Role.PUBLIC and (arguments.agency or arguments.state or arguments.officer):
        raise UnusableOption("the public role is held nowhere; leave out --agency, --state and --officer")


async def _ensure_grant(addresses: Addresses, settings: Settings, order: TokenOrder) -> bool:
    """Whether the account holds the role now; it is given to an account that never had it there."""
    await ensure_up_to_date(addresses, settings)
    async with connected_owner(addresses) as connection:
        await require_demo(connection, settings)
        if order.role is Role.PUBLIC:
            return True
        return await ensure_demo_grant(
            connection,
            account=order.account,
            role=order.role,
            agency_ori=order.agency_ori,
            state_code=order.state_code,
            officer_id=order.officer_id,
        )


def _require_demo_mode() -> Settings:
    settings = read_settings(os.environ)
    if not settings.is_demo:
        raise SetupRefused("tokens are made in demo mode only; in production they come from a trusted issuer")
    return settings


def _read_thumbprint(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return compute_jwk_thumbprint(read_json_object(stream.read(_LARGEST_KEY_FILE)))
    except OSError:
        reason = "cannot be read; check its path and its rights"
    except ValueError:
        reason = "is not a JSON object; name a file that holds one JWK"
    except KeyRefused as refused:
        reason = str(refused)
    raise UnusableOption(f"the key file {reason}")


def _read_word(vocabulary: type[Word]) -> Callable[[str], Word]:
    def read(text: str) -> Word:
        try:
            return vocabulary(text)
        except ValueError:
            raise argparse.ArgumentTypeError("choose one of " + ", ".join(vocabulary)) from None

    return read


def _read_form(fits: Callable[[str], bool], advice: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not fits(text):
            raise argparse.ArgumentTypeError(advice)
        return text

    return read


def _read_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("an officer is named by a UUID") from None


def _read_lifetime(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 9 or not 1 <= int(text) <= LONGEST_LIFETIME:
        raise argparse.ArgumentTypeError(f"choose a whole number from 1 to {LONGEST_LIFETIME}")
    return int(text)


def _complain(sentence: str, *, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code

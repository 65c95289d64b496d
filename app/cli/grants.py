"""`probity grants give|end|list`: roles from the operator's hand, registrars and auditors first of all.

It needs the owner's rights; what it gives and ends is recorded, and it prints accounts and places, no person's data.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.delegation import SCOPE_OF_ROLE, Scope
from app.domain.vocabulary import Role
from app.errors import SetupRefused
from app.identity.claims import is_account_name, is_ori, is_state_code
from app.main import ensure_up_to_date
from app.registry.operator_grants import OperatorOrder, OperatorTools, end_as_operator, give_as_operator
from app.settings import read_settings
from app.storage.cluster import open_addresses
from app.storage.installation import read_clock_offset
from app.storage.listed_grants import ListedGrant, list_grants
from app.storage.secrets import Secrets
from app.storage.world.owner import Connection, connected_owner

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Done = TypeVar("Done")
Work = Callable[[Connection, OperatorTools], Awaitable[Done]]

_COMMITMENT_KEY: Final = "commitment-key"
_GRANTED_ROLES: Final = tuple(role for role in Role if role is not Role.PUBLIC)
_OPTIONS: Final[Mapping[Scope, str]] = {scope: scope.value for scope in Scope}


def register(subparsers: Subparsers) -> None:
    """Add the group `grants` to the command line."""
    group = subparsers.add_parser("grants", help="give, end and list roles, as the operator")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    give = commands.add_parser(
        "give",
        help="give an account a role",
        description="Give an account a role; registrars and auditors come from here alone (docs/grants.md).",
    )
    give.add_argument("--account", required=True, type=_read_account, help="the account: the `sub` of its tokens")
    give.add_argument("--role", required=True, type=_read_role, help="the role")
    give.add_argument(
        "--agency", metavar="ORI", type=_read_form(is_ori, "an ORI is two letters and seven letters or digits")
    )
    give.add_argument(
        "--state", metavar="XX", type=_read_form(is_state_code, "a State is named by its two-letter postal code")
    )
    give.add_argument("--officer", metavar="UUID", type=_read_uuid, help="the officer that is, or is represented")
    give.add_argument("--body", metavar="NAME", help="the credentialing body, by its name in the registry")
    give.add_argument("--until", metavar="DATE", type=_read_day, help="the last day on which it holds, UTC (open)")
    give.set_defaults(handler=run_give)
    end = commands.add_parser("end", help="end a grant at once")
    end.add_argument("grant", metavar="GRANT", type=_read_uuid, help="its id, as `list` and `give` print it")
    end.set_defaults(handler=run_end)
    listing = commands.add_parser("list", help="list the grants that hold")
    listing.add_argument("--account", type=_read_account, help="of this account alone")
    listing.add_argument("--role", type=_read_role, help="of this role alone")
    listing.add_argument("--ended", action="store_true", help="also those that have ended or not begun")
    listing.set_defaults(handler=run_list)
    for command in (give, end, listing):
        command.add_argument("--json", action="store_true", help="report as JSON")


def run_give(arguments: argparse.Namespace) -> int:
    """Give the role; 0 given, 1 refused, 2 the place does not fit the role."""
    if (fault := _find_scope_fault(arguments)) is not None:
        return _complain(fault, code=2)
    order = OperatorOrder(
        account=arguments.account,
        role=arguments.role,
        agency_ori=arguments.agency,
        state_code=arguments.state,
        officer_id=arguments.officer,
        body_name=arguments.body,
        until=arguments.until,
    )

    async def give(connection: Connection, tools: OperatorTools) -> UUID:
        if order.until is not None and order.until <= tools.now:
            raise SetupRefused("that day is over; name a later one")
        return await give_as_operator(connection, order, tools)

    given = _work(give)
    print(json.dumps({"id": str(given)}) if arguments.json else f"given: {given}")
    return 0


def run_end(arguments: argparse.Namespace) -> int:
    """End the grant; 0 ended, 1 refused."""

    async def end(connection: Connection, tools: OperatorTools) -> None:
        await end_as_operator(connection, arguments.grant, tools)

    _work(end)
    print(json.dumps({"id": str(arguments.grant)}) if arguments.json else f"ended: {arguments.grant}")
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """List grants; 0 listed, be there any or none."""

    async def find(connection: Connection, tools: OperatorTools) -> list[ListedGrant]:
        return await list_grants(
            connection, tools.now, account=arguments.account, role=arguments.role, with_ended=arguments.ended
        )

    found = _work(find)
    if arguments.json:
        print(json.dumps([asdict(each) for each in found], indent=2, default=_write_value))
    else:
        print("\n".join([*map(_format_grant, found), f"{len(found)} grants"]))
    return 0


def _work(work: Work[Done]) -> Done:
    """Do a piece of the operator's work as the owner; raises `SetupRefused`, which ends the command with 1."""
    settings = read_settings(os.environ)

    async def run() -> Done:
        await ensure_up_to_date(addresses, settings)
        async with connected_owner(addresses) as connection:
            tools = OperatorTools(
                now=read_system_clock() + await read_clock_offset(connection),
                draw_id=draw_random_id,
                chain_id=draw_random_id(),
                secret=Secrets(settings.home).get_or_create(_COMMITMENT_KEY).encode(),
            )
            return await work(connection, tools)

    with open_addresses(settings) as addresses:
        return asyncio.run(run())


def _find_scope_fault(arguments: argparse.Namespace) -> str | None:
    needed = SCOPE_OF_ROLE.get(arguments.role)
    for scope, option in _OPTIONS.items():
        is_said = getattr(arguments, option) is not None
        if scope is needed and not is_said:
            return f"the role {arguments.role} is held somewhere; say where with --{option}"
        if scope is not needed and is_said:
            return f"the role {arguments.role} is not held there; leave out --{option}"
    return None


def _format_grant(grant: ListedGrant) -> str:
    place = grant.agency or grant.state_code or grant.officer_id or grant.body or "the registry"
    last = "no end" if grant.valid_to is None else f"{grant.valid_to:%Y-%m-%d %H:%M}"
    state = "" if grant.holds else "  (does not hold)"
    return f"{grant.id}  {grant.account}  {grant.role}  {place}  until {last}  by {grant.granted_by}{state}"


def _write_value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read_account(text: str) -> str:
    return _read_form(is_account_name, "an account has 1 to 200 printable characters")(text)


def _read_role(text: str) -> Role:
    if text not in _GRANTED_ROLES:
        raise argparse.ArgumentTypeError("choose one of " + ", ".join(_GRANTED_ROLES))
    return Role(text)


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
        raise argparse.ArgumentTypeError("name it by its UUID") from None


def _read_day(text: str) -> datetime:
    """The moment at which the named day is over."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("write the day as YYYY-MM-DD") from None


def _complain(sentence: str, *, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code

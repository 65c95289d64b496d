"""THE path: one readable function for reads and one for commands, whose lines are the stages.

INVARIANT: nothing leaves here that no plan selected, and nothing about a person before its record is durable.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from graphql import ExecutionResult, OperationType, execute

from app.answering.policy_holder import PolicyHolder
from app.answering.recording import Recorder
from app.answering.requests import Asked, GraphQLRequest, read_back, tell_refusal
from app.answering.served_policy import ServedPolicy
from app.domain.clock import Clock, IdSource
from app.errors import ErrorCode, ProbityError
from app.identity.claims import VerifiedClaims
from app.identity.presented import PresentedToken
from app.identity.principal import PUBLIC_PRINCIPAL, Principal, join_principal
from app.identity.tokens import TokenVerifier
from app.planning.plan import Plan
from app.planning.planner import BoundedCache, Prepared, name_operation
from app.planning.selection import Selected
from app.registry.commands import Command, CommandContext, carry_out
from app.registry.refusal import CommandRefusal
from app.schema.commands import COMMANDS, CommandBinding
from app.schema.contracts import Contract
from app.storage.context import ContextClaims, ContextSigner
from app.storage.grants import find_held_grant
from app.storage.installation import read_policy_digest
from app.storage.ledger.arrivals import Arrivals
from app.storage.ledger.command_chain import append_in_transaction
from app.storage.ledger.group_commit import Ledger
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.pools import ContextLapsed, Pools, ReadAnswer

# A signed context lives for one statement; this bounds how long one that leaks could be used.
CONTEXT_SECONDS: Final = 30
KEPT_GRANTS: Final = 4096
# How often one request is answered anew because the policy, or the caller's right, changed while it was answered.
MOST_TURNS: Final = 4
# How long a request waits while a policy is being put in place, and how often it looks.
LOOK_SECONDS: Final = 0.05
MOST_LOOKS: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole JSON text of the answer; `is_personal` where it must not be kept anywhere on its way."""

    body: bytes = field(repr=False)
    is_personal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Answers requests; every part of it is given by the composition root."""

    policies: PolicyHolder
    verifier: TokenVerifier
    pools: Pools
    ledger: Ledger
    signer: ContextSigner
    recorder: Recorder
    clock: Clock
    system_clock: Clock
    draw_id: IdSource
    command_chain: UUID
    documents: Mapping[str, str]
    public_keys: Mapping[str, Any]
    is_demo: bool
    arrivals: Arrivals = field(default_factory=Arrivals)
    held: BoundedCache = field(default_factory=lambda: BoundedCache(KEPT_GRANTS))

    @property
    def policy(self) -> ServedPolicy:
        """The policy that is served now."""
        return self.policies.served

    async def answer(self, request: GraphQLRequest, presented: PresentedToken | None) -> Answer:
        """Answer one request; raises `ProbityError` for everything that is not an answer."""
        now = self.clock()
        claims = self._verify(presented)
        principal = await self._find_principal(claims, now)
        may_have_lapsed = True
        for _ in range(MOST_TURNS):
            # INVARIANT: taken once a turn; all of an answer, and its record, is of this one policy.
            policy = self.policies.served
            try:
                return await self._answer(request, claims, principal, policy, now)
            except ContextLapsed as lapsed:
                if await self._has_moved(policy):
                    continue
                if lapsed.__cause__ is not None:
                    raise lapsed.__cause__ from None
            if not may_have_lapsed:
                raise ProbityError(ErrorCode.FORBIDDEN)
            # Looked up anew, once: it may have been given again since.
            may_have_lapsed = False
            self.held.forget(_name_right(claims))
            principal = await self._look_up(claims, now)
        raise ProbityError(ErrorCode.UNAVAILABLE)

    async def _has_moved(self, policy: ServedPolicy) -> bool:
        """Whether the database stands on another policy, which is then served; raises `UNAVAILABLE` where it cannot.

        Where it stands on none, one is being put in place: it is waited for.
        """
        stands = await self._read_standing()
        has_waited = stands is None
        for _ in range(MOST_LOOKS):
            if stands is not None:
                break
            await asyncio.sleep(LOOK_SECONDS)
            stands = await self._read_standing()
        if stands == policy.digest:
            return has_waited
        await self.policies.follow(stands)
        return True

    async def _read_standing(self) -> bytes | None:
        async with self.pools.borrow(Login.COMMAND) as connection:
            return await read_policy_digest(connection)

    async def _answer(
        self,
        request: GraphQLRequest,
        claims: VerifiedClaims | None,
        principal: Principal,
        policy: ServedPolicy,
        now: datetime,
    ) -> Answer:
        reach = policy.find_reach(principal.role, principal.purpose)
        prepared = policy.planner.prepare(
            request.document,
            request.operation_name,
            request.variables,
            schema=reach.contract.schema,
            grant=reach.grant,
            counting=reach.counting,
        )
        asked = Asked(request=request, prepared=prepared, contract=reach.contract, policy=policy, now=now)
        if prepared.operation.operation is OperationType.MUTATION:
            return await self._command(asked, claims)
        if prepared.plan is None:
            if await self._read_standing() != policy.digest:
                raise ContextLapsed
            return _introspect(reach.contract, prepared)
        return await self._read(prepared.plan, asked, principal)

    async def _read(self, plan: Plan, asked: Asked, principal: Principal) -> Answer:
        if not plan.is_personal:
            found = await self._run(plan, asked, principal)
        else:
            with self.arrivals:
                found = await self._run(plan, asked, principal)
                record = self.recorder.record_read(
                    plan, principal, asked.policy.digest, asked.now, asked.request.variables, found.disclosed
                )
            # INVARIANT: the answer leaves only after its record is durable.
            await self.ledger.append(record)
        return Answer(body=b'{"data":' + found.body.encode() + b"}", is_personal=plan.is_personal)

    async def _run(self, plan: Plan, asked: Asked, principal: Principal) -> ReadAnswer:
        login = LOGIN_OF_ROLE[principal.role]
        policy = asked.policy.digest
        context = policy.hex() if login is Login.PUBLIC else self._sign(principal, login, policy, asked.now)
        values = plan.bind(asked.prepared.variables, principal, asked.now, context)
        if plan.is_counting:
            async with self.pools.open_read(login) as session:
                found = await session.run_count(plan.sql, values, context)
        else:
            found = await self.pools.run_plan(login, plan.sql, values)
        if not found.context_held:
            raise ContextLapsed
        return found

    async def _command(self, asked: Asked, claims: VerifiedClaims | None) -> Answer:
        if not asked.request.may_command:
            raise ProbityError(ErrorCode.METHOD_NOT_ALLOWED, "commands are sent by POST")
        field_asked = asked.read_command()
        binding = COMMANDS[field_asked.name]
        command = binding.read(field_asked.arguments["input"].read(asked.prepared.variables))
        # A command looks its grant up again, whatever is remembered.
        principal = await self._look_up(claims, asked.now)
        if not asked.policy.find_grant(principal.role, principal.purpose, command.action).readable(command.field):
            raise ProbityError(ErrorCode.FORBIDDEN)
        done = await self._carry_out(command, asked, principal)
        if isinstance(done, CommandRefusal):
            told = tell_refusal(field_asked, done)
        else:
            told = await self._tell(binding, field_asked, done, asked, principal)
        return Answer(body=json.dumps({"data": {field_asked.key: told}}).encode(), is_personal=True)

    async def _carry_out(self, command: Command, asked: Asked, principal: Principal) -> UUID | CommandRefusal:
        who = CommandContext(
            account=principal.account,
            role=principal.role,
            agency_id=principal.agency_id,
            officer_id=principal.officer_id,
            now=asked.now,
            draw_id=self.draw_id,
        )
        context = self._sign(principal, Login.COMMAND, asked.policy.digest, asked.now)
        async with self.pools.open_write(context) as session:
            done = await carry_out(command, who, session)
            record = self.recorder.record_command(
                command.name,
                asked.prepared.document.sha256,
                principal,
                asked.policy.digest,
                asked.now,
                asked.request.variables,
                result=done.code.value if isinstance(done, CommandRefusal) else "DONE",
            )
            # INVARIANT: a command and its record are kept together or not at all.
            await append_in_transaction(session.connection, record, chain_id=self.command_chain)
        return done

    async def _tell(
        self, binding: CommandBinding, field_asked: Selected, done: UUID, asked: Asked, principal: Principal
    ) -> dict[str, Any]:
        """What a command did, read back through the caller's own mask."""
        told: dict[str, Any] = {}
        grant = asked.policy.find_grant(principal.role, principal.purpose)
        for each in field_asked.of(binding.success):
            if each.name == "__typename":
                told[each.key] = binding.success
                continue
            plan = asked.policy.planner.plan_selection(
                (read_back(each, binding, done),),
                grant,
                name=name_operation(asked.prepared.operation),
                document_sha256=asked.prepared.document.sha256,
            )
            found = await self._run(plan, asked, principal)
            told[each.key] = json.loads(found.body)["object"]
        return told

    async def identify(self, presented: PresentedToken | None) -> Principal:
        """Who presents a token, his right looked up anew; raises `ProbityError` for one who holds none."""
        return await self._look_up(self._verify(presented), self.clock())

    def _verify(self, presented: PresentedToken | None) -> VerifiedClaims | None:
        return None if presented is None else self.verifier.verify(presented.compact, proof=presented.proof)

    async def _find_principal(self, claims: VerifiedClaims | None, now: datetime) -> Principal:
        """The principal remembered for these claims; that he still holds his right the database checks each time."""
        remembered: Principal | None = self.held.find(_name_right(claims))
        return remembered if remembered is not None else await self._look_up(claims, now)

    async def _look_up(self, claims: VerifiedClaims | None, now: datetime) -> Principal:
        if claims is None:
            return PUBLIC_PRINCIPAL
        async with self.pools.borrow(LOGIN_OF_ROLE[claims.role]) as connection:
            held = await find_held_grant(connection, claims, now)
        principal = join_principal(claims, held)
        if held is not None:
            self.held.keep(_name_right(claims), principal)
        return principal

    def _sign(self, principal: Principal, login: Login, policy: bytes, now: datetime) -> str:
        ends = self.system_clock() + timedelta(seconds=CONTEXT_SECONDS)
        return self.signer.sign(
            ContextClaims(
                login=login,
                at=now,
                expires=int(ends.timestamp()),
                account=principal.account,
                role=principal.role.value,
                purpose=principal.purpose.value,
                agency_id=principal.agency_id,
                state_code=principal.state_code,
                officer_id=principal.officer_id,
                grant_id=principal.grant_id,
                body_id=principal.body_id,
                policy=policy,
            )
        )

    async def follow_policy(self) -> bool:
        """Serve the policy that the database stands on; whether it is served now. Asked from time to time."""
        try:
            stands = await self._read_standing()
            if stands is None:
                return False
            await self.policies.follow(stands)
        except (ProbityError, OSError, TimeoutError):
            return False
        return True

    async def is_ready(self) -> bool:
        """Whether the database answers and stands on the policy that is served here."""
        return await self.follow_policy()

    def find_document(self, document_id: str) -> str | None:
        """The trusted document with that SHA-256 (hexadecimal), or none."""
        return self.documents.get(document_id)


def _introspect(contract: Contract, prepared: Prepared) -> Answer:
    result = execute(
        contract.schema,
        prepared.document.node,
        variable_values=dict(prepared.variables),
        operation_name=prepared.operation.name.value if prepared.operation.name else None,
    )
    if not isinstance(result, ExecutionResult) or result.errors:
        raise ProbityError(ErrorCode.DOCUMENT_INVALID)
    return Answer(body=json.dumps({"data": result.data}).encode(), is_personal=False)


def _name_right(claims: VerifiedClaims | None) -> tuple[Any, ...]:
    """All of the claims that a principal is made of: with another of them he is another."""
    if claims is None:
        return ()
    return (
        claims.account,
        claims.role,
        claims.purpose,
        claims.agency_ori,
        claims.state_code,
        claims.officer_id,
        claims.scopes,
        claims.acr,
    )


__all__ = ["Answer", "GraphQLRequest", "Pipeline"]

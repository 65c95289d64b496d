"""The guided tour: one question asked by four people, what each was told, what was withheld and by which rule.

INVARIANT: every cell comes from the path's own answer; the explanations come from the policy, not from this text.
"""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.audience import AUDIENCE, HEAD, INVESTIGATOR, NEWCOMER, OFFICER, REPORTER, Listener
from app.demo.cast import BENNETT, COLEMAN, HUGHES, MITCHELL, PETERSON, REED, SANDERS, TORRES, WALKER, StoryOutcome
from app.demo.questions import OUTCOME_FIELDS, Interviewer
from app.domain.vocabulary import Action, RecordState
from app.planning.parameters import encode_global_id
from app.policy.engine import DecisionRequest
from app.policy.explain import explain_decision
from app.storage.cluster import Addresses
from app.storage.ledger.chain_reader import verify_chains
from app.storage.logins import Login

# What is told of each outcome, about whom, and the state it is in: facts of the story, to explain answers by.
EXHIBITS: Final = (
    (StoryOutcome.WALKER_TERMINATED, WALKER, RecordState.CLEARED, "Walker: dismissed for force, fair process shown"),
    (
        StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW,
        WALKER,
        RecordState.IN_PROCESS,
        "Walker: decertification, still in process",
    ),
    (StoryOutcome.MITCHELL_IN_REVIEW, MITCHELL, RecordState.IN_PROCESS, "Mitchell: a case still in process"),
    (StoryOutcome.HUGHES_VOIDED, HUGHES, RecordState.VOIDED, "Hughes: overturned and voided"),
    (StoryOutcome.PETERSON_NO_FINDING, PETERSON, RecordState.NO_FINDING, "Peterson: resigned under investigation"),
    (StoryOutcome.BENNETT_NOTICE, BENNETT, RecordState.NOTICE, "Bennett: told, and may still answer"),
    (StoryOutcome.SANDERS_SEALED, SANDERS, RecordState.SEALED, "Sanders: sealed by a court"),
    (StoryOutcome.REED_SUSPENDED, REED, RecordState.SUSPENDED, "Reed: stayed, so suspended"),
    (StoryOutcome.TORRES_CORRECTED, TORRES, RecordState.CLEARED, "Torres: corrected, second version"),
    (StoryOutcome.COLEMAN_DISPUTED, COLEMAN, RecordState.CLEARED, "Coleman: disputed, with his own statement"),
)


class Tour:
    """Walks through the story; `console` is where people look."""

    def __init__(self, interviewer: Interviewer, addresses: Addresses, console: Console) -> None:
        self._interviewer = interviewer
        self._addresses = addresses
        self._console = console

    async def walk(self) -> None:
        """The whole tour, from the first question to the chain of records."""
        self._console.rule("Probity: what may not be seen is never selected")
        await self._compare_one_record()
        await self._compare_all_records()
        await self._show_partial_and_refused()
        await self._change_a_role()
        await self._show_receipts()

    async def _compare_one_record(self) -> None:
        table = Table(title="One question, four people: what is on record of Daniel Walker's two outcomes?")
        table.add_column("asked")
        for listener in AUDIENCE:
            table.add_column(f"{listener.title}\n[dim]{listener.told}[/dim]")
        ids = [encode_global_id("Outcome", UUID(each[0].value)) for each in EXHIBITS[:2]]
        answers = {listener.title: await self._interviewer.ask_outcomes(listener, ids) for listener in AUDIENCE}
        for place, (_, _, _, title) in enumerate(EXHIBITS[:2]):
            table.add_section()
            table.add_row(Text(title, style="bold"))
            for name in OUTCOME_FIELDS:
                table.add_row(name, *(self._show(answers[each.title][place], each, name) for each in AUDIENCE))
        self._console.print(table)
        dismissal = ("Outcome.basis", WALKER.id, RecordState.CLEARED)
        self._explain("why the reporter is told nothing of him", REPORTER, *dismissal)
        self._explain("why the investigator reads the dismissal", INVESTIGATOR, *dismissal)
        open_case = ("Outcome.kind", WALKER.id, RecordState.IN_PROCESS)
        self._explain("and not the open case", INVESTIGATOR, *open_case)
        self._explain("why the officer reads it", OFFICER, *open_case)

    def _show(self, node: dict[str, Any] | None, listener: Listener, name: str) -> Text:
        if name not in self._interviewer.list_readable(listener, "Outcome", (name,)):
            return Text("not in the contract", style="dim")
        if node is None:
            return Text("null: absent or hidden", style="dim")
        value = node[name]
        return Text("null" if value is None else ", ".join(value) if isinstance(value, list) else str(value))

    async def _compare_all_records(self) -> None:
        table = Table(title="Ten records in ten states: who sees what (F all, S summary, - nothing)")
        table.add_column("record")
        for listener in AUDIENCE:
            table.add_column(listener.title, justify="center")
        ids = [encode_global_id("Outcome", UUID(each[0].value)) for each in EXHIBITS]
        answers = [await self._interviewer.ask_outcomes(listener, ids) for listener in AUDIENCE]
        for place, (_, _, _, title) in enumerate(EXHIBITS):
            table.add_row(title, *(_weigh(told[place]) for told in answers))
        self._console.print(table)

    async def _show_partial_and_refused(self) -> None:
        document = (
            "query CandidateExists($id: ID!) { officer(id: $id) { id familyName outcomes(first: 1) { totalCount } } }"
        )
        limited = await self._interviewer.ask(
            INVESTIGATOR.order, document, id=encode_global_id("Officer", UUID(TORRES.id))
        )
        self._panel("a partial answer: a limited check tells that there is a record, and no more", limited.data)
        self._explain("why her name is withheld", INVESTIGATOR, "Officer.familyName", TORRES.id, RecordState.LISTED)
        search = "query Browse { officers(first: 5) { nodes { familyName } } }"
        refused = await self._interviewer.ask(INVESTIGATOR.order, search)
        self._panel("a refusal: no agency role can browse people", f"{refused.refusal}: {refused.sentence}")
        self._explain("why", INVESTIGATOR, "Query.officers", "", RecordState.STANDING)

    async def _change_a_role(self) -> None:
        give = (
            "mutation GiveRole($input: GrantRoleInput!) { grantRole(input: $input) { __typename "
            "... on RoleGranted { grant { id account role grantedBy } } ... on CommandRefused { code message } } }"
        )
        key = str(self._interviewer.pipeline.draw_id())
        asked = {"account": NEWCOMER.account, "role": NEWCOMER.role.value, "idempotencyKey": key}
        given = await self._interviewer.ask(HEAD.order, give, input=asked)
        self._panel("a command: the head of Harborlight gives a newcomer a role", given.data)
        question = "query Mine { officers(first: 1) { totalCount } }"
        before = await self._interviewer.ask(NEWCOMER, question)
        grant = given.data["grantRole"].get("grant")
        if grant is None:
            return
        take = (
            "mutation TakeRole($input: RevokeRoleInput!) { revokeRole(input: $input) { __typename "
            "... on RoleRevoked { grant { revokedBy revokedAt } } ... on CommandRefused { code message } } }"
        )
        key = str(self._interviewer.pipeline.draw_id())
        asked_back = {"grantId": grant["id"], "expectedVersion": 1, "idempotencyKey": key}
        taken = await self._interviewer.ask(HEAD.order, take, input=asked_back)
        after = await self._interviewer.ask(NEWCOMER, question)
        self._panel(
            "and takes it back: the next request with the same token is refused",
            {"before": before.data, "taken": taken.data, "after": f"{after.refusal}: {after.sentence}"},
        )

    async def _show_receipts(self) -> None:
        document = (
            "query WhoWasTold { me { disclosuresOfMe(first: 20) { nodes { at role purpose operation agency { name } "
            "items { seriesId version } } } } }"
        )
        reply = await self._interviewer.ask(OFFICER.order, document)
        table = Table(title="Every answer above left a record before it left the registry; Daniel Walker reads his own")
        for column in ("when", "role", "purpose", "agency", "question", "outcomes disclosed"):
            table.add_column(column)
        for node in reply.data["me"]["disclosuresOfMe"]["nodes"]:
            outcomes = sum(1 for item in node["items"] if item["seriesId"])
            agency = (node["agency"] or {}).get("name") or "-"
            table.add_row(node["at"][:19], node["role"], node["purpose"], agency, node["operation"], str(outcomes))
        self._console.print(table)
        report = await verify_chains(self._addresses.by_login[Login.LEDGER])
        verdict = "every record fits the one before it" if report.is_intact else "a record does not fit"
        self._console.print(f"audit chain: {report.records} records, {verdict}\n")

    def _explain(self, why: str, listener: Listener, name: str, officer_id: str, state: RecordState) -> None:
        request = DecisionRequest(
            role=listener.role,
            relations=listener.relate(officer_id),
            field=name,
            state=state,
            purpose=listener.purpose,
            action=Action.READ,
        )
        told = explain_decision(self._interviewer.pipeline.policy.point, request)
        self._console.print(Text.assemble((f"  {why}: ", "bold"), "; ".join(told.sentences[:2])))

    def _panel(self, title: str, content: Any) -> None:
        text = content if isinstance(content, str) else _write(content)
        self._console.print(Panel(Text(text), title=title, title_align="left"))


def _weigh(node: dict[str, Any] | None) -> Text:
    if node is None:
        return Text("-", style="dim")
    if node.get("basis") is not None:
        return Text("F", style="bold")
    return Text("S" if node.get("kind") is not None else "E")


def _write(content: Any) -> str:
    return json.dumps(content, indent=2)

"""What each relation and each record state means in SQL, for a row of each entity.

Facts that lie in other tables are asked of functions in schema `gate`: row security of those tables must not decide
whether a relation holds. A row is probed by itself, or a list is driven by the set of rows in the relation.
INVARIANT: an unknown relation, entity or state raises; nothing here ever falls back to a wider condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.sql.visitors import replacement_traverse

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import (
    CredentialStatus,
    DisputeState,
    Entity,
    Finality,
    HoldInForce,
    Lifecycle,
    OutcomeKind,
    RecordState,
    Relation,
)
from app.planning.context_sets import CONTEXT_SETS
from app.policy.record_states import RecordStateTable, StateRow
from app.storage.tables.places import AGENCIES

AGENCY: Final = bindparam("principal_agency", type_=Uuid(), value=None)
STATE: Final = bindparam("principal_state", type_=Text(), value=None)
OFFICER: Final = bindparam("principal_officer", type_=Uuid(), value=None)
BODY: Final = bindparam("principal_body", type_=Uuid(), value=None)
ACCOUNT: Final = bindparam("principal_account", type_=Text(), value=None)
ROLE: Final = bindparam("principal_role", type_=Text(), value=None)
PURPOSE: Final = bindparam("principal_purpose", type_=Text(), value=None)
NOW: Final = bindparam("registry_now", type_=TIMESTAMP(timezone=True), value=None)

# What comes with the verified context, which every statement and every row policy calls by this name.
GATE: Final = "gate"
_ASK_APART: Final = "(SELECT c.{name} FROM gate.read_context() c)"
GATHERED: Final[Mapping[str, ColumnElement[Any]]] = {
    name: literal_column(f"{GATE}.{name}", ARRAY(Uuid())) for name in CONTEXT_SETS
}

Condition: TypeAlias = ColumnElement[bool]
Test: TypeAlias = Callable[[FromClause], Condition]
OfficerTest: TypeAlias = Callable[[ColumnElement[Any]], Condition]

_NO_TABLE: Final = table("nothing")
_LISTINGS: Final = frozenset({RecordState.LISTED, RecordState.LISTED_NO_FINDING, RecordState.UNLISTED})
_STANDING: Final = frozenset({RecordState.STANDING})
_SOUGHT: Final = (CredentialStatus.SOUGHT, CredentialStatus.IN_PROCESS)
_GIVEN: Final = (CredentialStatus.CERTIFIED, CredentialStatus.RE_REVIEW_DUE)
OUTCOME_STATES: Final = frozenset(RecordState) - _LISTINGS - _STANDING


def relate(entity: Entity, relation: Relation, row: FromClause, *, as_set: bool = False) -> Condition:
    """The condition under which the principal stands in `relation` to `row`; raises `KeyError` if it has no meaning.

    `as_set` asks for the form that drives a list (the rows in the relation) instead of probing each row.
    """
    if relation is Relation.ANYWHERE:
        return true()
    if as_set and (entity, relation) in _AS_SET:
        return _AS_SET[entity, relation](row)
    return _RELATIONS[entity, relation](row)


def ask_apart(condition: Condition) -> Condition:
    """The same condition where no context stands in the statement: what comes with it is asked by itself, once.

    A statement over whole tables may then run in parallel, and a view has it of whoever reads the view.
    """
    gathered = {id(value): name for name, value in GATHERED.items()}

    def replace(element: Any, **_: Any) -> Any:
        name = gathered.get(id(element))
        return None if name is None else literal_column(_ASK_APART.format(name=name), ARRAY(Uuid()))

    return replacement_traverse(condition, {}, replace)


def has_meaning(entity: Entity, relation: Relation) -> bool:
    """Whether rows of `entity` can stand in `relation` to anyone."""
    return relation is Relation.ANYWHERE or (entity, relation) in _RELATIONS


def list_states(entity: Entity) -> frozenset[RecordState]:
    """Every state a row of `entity` can be in."""
    if entity is Entity.OUTCOME:
        return OUTCOME_STATES
    if entity in _OFFICER_OF:
        return _LISTINGS
    return _STANDING


def be_in_states(
    entity: Entity,
    states: frozenset[RecordState],
    row: FromClause,
    table: RecordStateTable,
    *,
    many: bool = False,
    told: ColumnElement[Any] | None = None,
) -> Condition:
    """The condition under which `row` is in one of `states`; states of another entity raise `ValueError`.

    `many` is for statements over whole tables: they ask once which records are held, not of each record. `told` is the
    row's state where the statement has it already (`tell_state`).
    """
    possible = list_states(entity)
    if not states <= possible:
        raise ValueError("a state does not belong to the entity")
    if states == possible:
        return true()
    if told is not None:
        return _be_one_of(told, states)
    if entity is Entity.OUTCOME:
        fitting = [each for each in table.rows if each.state in states]
        return _fit_many(fitting, row) if many else or_(false(), *(_fit_row(each, row) for each in fitting))
    return _be_one_of(func.gate.officer_listing(_OFFICER_OF[entity](row), NOW), states)


def _fit_row(rule: StateRow, row: FromClause, *, hold: ColumnElement[Any] | None = None) -> Condition:
    parts = [_fit_axes(rule, row)]
    if len(rule.holds) < len(HoldInForce):
        parts.append(_be_one_of(_find_hold(row) if hold is None else hold, rule.holds))
    return and_(true(), *parts)


def _fit_axes(rule: StateRow, row: FromClause) -> Condition:
    """That the standing of the record itself fits, whatever holds it."""
    parts = (
        _be_one_of(column, allowed)
        for column, allowed, vocabulary in (
            (row.c.lifecycle, rule.lifecycles, Lifecycle),
            (row.c.finality, rule.finalities, Finality),
            (row.c.dispute, rule.disputes, DisputeState),
            (row.c.kind, rule.kinds, OutcomeKind),
        )
        if len(allowed) < len(vocabulary)
    )
    return and_(true(), *parts)


def _fit_many(rules: Sequence[StateRow], row: FromClause) -> Condition:
    """That a record fits one of the rules, where each record of a whole table is asked.

    Plain comparisons stand apart from what asks about holds: PostgreSQL takes them through the barrier of a view and
    knows how many rows they leave. Which records are held is asked once, and looked up for those that ever were.
    """
    plain = or_(false(), *(_fit_axes(each, row) for each in rules))
    by_holds: dict[frozenset[HoldInForce], list[StateRow]] = {}
    for each in rules:
        by_holds.setdefault(each.holds, []).append(each)
    if by_holds.keys() <= {frozenset(HoldInForce)}:
        return plain
    free = [each for each in rules if HoldInForce.NONE in each.holds]
    never = not_(row.c.held)
    if len(free) < len(rules):
        never = and_(never, or_(false(), *(_fit_axes(each, row) for each in free)))
    asked = [
        and_(or_(false(), *(_fit_axes(each, row) for each in alike)), _be_held(row.c.id, holds))
        for holds, alike in by_holds.items()
    ]
    return and_(plain, or_(never, *asked))


def _find_hold(row: FromClause) -> ColumnElement[Any]:
    # A record that was never held is not asked about: `held` stays, whatever becomes of the holds.
    return case((row.c.held, func.gate.hold_on(row.c.id, NOW)), else_=literal_column(f"'{HoldInForce.NONE}'"))


def tell_state(entity: Entity, row: FromClause, table: RecordStateTable, hold: str) -> Select[Any] | None:
    """One row that holds the state of `row` as `state`; none where rows of the entity are in one state alone.

    `hold` names the sub-select that asks for the hold once. Exactly one row of the table of states fits a record.
    """
    if entity in _OFFICER_OF:
        listing = func.gate.officer_listing(_OFFICER_OF[entity](row), NOW)
        return select(listing.label("state")).correlate_except(_NO_TABLE)
    if entity is not Entity.OUTCOME:
        return None
    asked = select(_find_hold(row).label("hold")).correlate_except(_NO_TABLE).offset(literal_column("0")).lateral(hold)
    cases: list[tuple[Condition, ColumnElement[Any]]] = []
    for each in table.rows:
        cases.append((_fit_row(each, row, hold=asked.c.hold), literal_column(f"'{each.state}'")))
    return select(case(*cases).label("state")).select_from(asked).correlate_except(asked)


def _be_held(series: ColumnElement[Any], holds: frozenset[HoldInForce]) -> Condition:
    """That one of `holds` is in force, by the sets of all records that are held and of those that are sealed."""
    if holds == frozenset(HoldInForce):
        return true()
    held, sealed = (
        series.in_(select(function(NOW, type_=Uuid())))
        for function in (func.gate.outcomes_held, func.gate.outcomes_sealed)
    )
    each = {
        HoldInForce.NONE: not_(held),
        HoldInForce.OTHER: and_(held, not_(sealed)),
        HoldInForce.SEAL: sealed,
    }
    if holds == {HoldInForce.NONE, HoldInForce.OTHER}:
        return not_(sealed)
    return or_(false(), *(each[hold] for hold in sorted(holds)))


def _be_one_of(value: ColumnElement[Any], allowed: Iterable[str]) -> Condition:
    # Literals, not parameters: the planner sees them, and they come from closed vocabularies alone.
    texts = [bindparam(None, str(text), type_=Text(), literal_execute=True) for text in sorted(allowed)]
    return value == texts[0] if len(texts) == 1 else value.in_(texts)


def _match(gathered: str) -> OfficerTest:
    def condition(officer: ColumnElement[Any]) -> Condition:
        # What the context's own principal has, and few; gathered when the context is verified, once a statement.
        return officer == any_(func.coalesce(GATHERED[gathered], literal_column("'{}'::uuid[]")))

    return condition


def _probe(function: str, *arguments: ColumnElement[Any]) -> OfficerTest:
    return lambda subject: getattr(func.gate, function)(subject, *arguments)


def _belong_to(function: str) -> OfficerTest:
    return lambda officer: officer.in_(select(getattr(func.gate, function)(type_=Uuid())))


def _be_of_state(state: ColumnElement[Any]) -> Test:
    return lambda row: row.c.state_code == state


def _lie_in_state(state: ColumnElement[Any]) -> Test:
    def condition(row: FromClause) -> Condition:
        place = AGENCIES.alias()
        return row.c.agency_id.in_(select(place.c.id).where(place.c.state_code == state).correlate_except(place))

    return condition


def _on(test: OfficerTest, column: str) -> Test:
    return lambda row: test(row.c[column])


def _be_own_agency(row: FromClause) -> Condition:
    return row.c.agency_id == AGENCY


def _be_own_mandate(row: FromClause) -> Condition:
    return and_(row.c.role == literal_column("'officer_rep'"), row.c.officer_id == OFFICER)


def _be_of_body(statuses: Iterable[str]) -> Test:
    return lambda row: and_(row.c.body_id == BODY, _be_one_of(row.c.status, statuses))


def _list_state_relations() -> dict[tuple[Entity, Relation], Test]:
    """Records of one State: its agencies' outcomes, and the persons who are listed by those alone."""
    tests: dict[tuple[Entity, Relation], Test] = {}
    for relation, code in STATE_RELATIONS.items():
        state: ColumnElement[Any] = literal_column(f"'{code}'")
        tests[Entity.OUTCOME, relation] = _be_of_state(state)
        # Were a person still shown, it would tell that there is the record which the State's law withholds.
        listed = _probe("listed_in_state_alone", state, NOW)
        tests[Entity.OFFICER, relation] = _on(listed, "id")
        tests[Entity.STINT, relation] = tests[Entity.CERTIFICATION, relation] = _on(listed, "officer_id")
    return tests


_OFFICER_OF: Final[Mapping[Entity, Callable[[FromClause], ColumnElement[Any]]]] = {
    Entity.OFFICER: lambda row: row.c.id,
    Entity.STINT: lambda row: row.c.officer_id,
    Entity.CERTIFICATION: lambda row: row.c.officer_id,
}

# The entities whose rows are in states that have to be found.
STATEFUL: Final = frozenset({Entity.OUTCOME, *_OFFICER_OF})

_BY_OFFICER: Final[Mapping[Relation, OfficerTest]] = {
    Relation.SELF: _match("own_officers"),
    Relation.CANDIDATE_LIMITED: _match("limited_candidates"),
    Relation.CANDIDATE_FULL: _match("full_candidates"),
    Relation.EMPLOYEE: _probe("is_employed", AGENCY),
    Relation.CERTIFICANT: _probe("is_certified", STATE),
    Relation.ASSIGNED: _match("assigned_officers"),
    Relation.BREAK_GLASS: _match("opened_officers"),
}

_RELATIONS: Final[Mapping[tuple[Entity, Relation], Test]] = {
    **{(Entity.OFFICER, each): _on(test, "id") for each, test in _BY_OFFICER.items()},
    **{
        (entity, each): _on(test, "officer_id")
        for entity in (Entity.STINT, Entity.CERTIFICATION, Entity.OUTCOME)
        for each, test in _BY_OFFICER.items()
    },
    (Entity.OFFICER, Relation.OWN_AGENCY): _on(_probe("serves_agency", AGENCY), "id"),
    (Entity.OFFICER, Relation.OWN_STATE): _on(_probe("serves_in_state", STATE), "id"),
    (Entity.STINT, Relation.OWN_AGENCY): _be_own_agency,
    (Entity.STINT, Relation.OWN_STATE): _lie_in_state(STATE),
    (Entity.CERTIFICATION, Relation.OWN_AGENCY): _on(_probe("serves_agency", AGENCY), "officer_id"),
    (Entity.CERTIFICATION, Relation.OWN_STATE): _be_of_state(STATE),
    (Entity.OUTCOME, Relation.OWN_AGENCY): _be_own_agency,
    (Entity.OUTCOME, Relation.OWN_STATE): _be_of_state(STATE),
    # An assignment and a break-glass are of one outcome, not of everything about its officer.
    (Entity.OUTCOME, Relation.ASSIGNED): _on(_match("assigned_outcomes"), "id"),
    (Entity.OUTCOME, Relation.BREAK_GLASS): _on(_match("opened_outcomes"), "id"),
    **_list_state_relations(),
    **{
        (entity, Relation.OWN_AGENCY): _be_own_agency
        for entity in (
            Entity.CHECK,
            Entity.GRANT,
            Entity.NOTICE,
            Entity.MONITOR,
            Entity.RELIANCE,
            Entity.CREDENTIAL,
            Entity.ELIGIBILITY,
        )
    },
    (Entity.AGENCY, Relation.OWN_AGENCY): lambda row: row.c.id == AGENCY,
    (Entity.COMPLIANCE, Relation.OWN_AGENCY): lambda row: row.c.id == AGENCY,
    (Entity.COMPLIANCE, Relation.APPLICANT): _on(_match("applicants"), "id"),
    (Entity.COMPLIANCE, Relation.CREDENTIALEE): _on(_match("credentialees"), "id"),
    (Entity.CREDENTIAL, Relation.APPLICANT): _be_of_body(_SOUGHT),
    (Entity.CREDENTIAL, Relation.CREDENTIALEE): _be_of_body(_GIVEN),
    (Entity.GRANT, Relation.SELF): _be_own_mandate,
    # One's own request, which another must approve.
    (Entity.BREAK_GLASS, Relation.SELF): lambda row: row.c.account == ACCOUNT,
    (Entity.EXPORT, Relation.SELF): lambda row: row.c.account == ACCOUNT,
    (Entity.CONSENT, Relation.SELF): _on(_match("own_officers"), "officer_id"),
    (Entity.NOTICE, Relation.SELF): _on(_match("own_officers"), "officer_id"),
    (Entity.DISCLOSURE, Relation.SELF): _on(_probe("is_disclosed_in", OFFICER), "id"),
}

_AS_SET: Final[Mapping[tuple[Entity, Relation], Test]] = {
    (Entity.OFFICER, Relation.OWN_AGENCY): _on(_belong_to("officers_serving"), "id"),
    (Entity.OFFICER, Relation.OWN_STATE): _on(_belong_to("officers_serving_in_state"), "id"),
    (Entity.OFFICER, Relation.EMPLOYEE): _on(_belong_to("officers_employed"), "id"),
    (Entity.OFFICER, Relation.CERTIFICANT): _on(_belong_to("officers_certified"), "id"),
    (Entity.OUTCOME, Relation.EMPLOYEE): _on(_belong_to("officers_employed"), "officer_id"),
    (Entity.OUTCOME, Relation.CERTIFICANT): _on(_belong_to("officers_certified"), "officer_id"),
    (Entity.DISCLOSURE, Relation.SELF): _on(_belong_to("disclosures_of_me"), "id"),
}

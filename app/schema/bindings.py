"""The catalogue: for each type of the contract its table, its entity and what a disclosure of it is recorded as.

A type that is missing here cannot be planned; a field that is not declared in the schema cannot either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, Text, and_, cast, func, literal_column

from app.domain.vocabulary import Entity
from app.planning.catalogue import Catalogue, Expression, Joined, Past, Root, Subject, TypeBinding
from app.schema import analysis, duties, exports, inbox, oversight, own, places, process, query, records, statistics
from app.schema.fields import BINDING, ROOT
from app.schema.past import DETERMINATION_PAST, HOLD_PAST, OUTCOME_PAST, VERSION_PAST
from app.storage.tables import access, audit, credentials, outcomes, people
from app.storage.tables.counted import COUNTED_OUTCOMES, COUNTED_STINTS
from app.storage.tables.exports import EXPORTS
from app.storage.tables.places import AGENCIES, AGENCY_ENROLLMENTS, ATTESTATIONS, JURISDICTIONS, PERIOD_REPORTS
from app.storage.tables.process import EVIDENCE_ITEMS, MATTERS, PROCESS_STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where a type's rows are; `links` are base columns that relations, links and expressions need."""

    python_type: type
    base: Table | None = None
    entity: Entity | None = None
    links: frozenset[str] = frozenset()
    joined: Mapping[str, Joined] = field(default_factory=dict)
    identity: tuple[str, ...] = ("id",)
    counts_as: Expression | None = None
    past: Past | None = None


def _name_officer(column: str) -> Expression:
    return lambda row: literal_column("'o/'") + cast(row.c[column], Text)


def _name_outcome(row: FromClause) -> ColumnElement[Any]:
    parts = (row.c.id, row.c.current_version, row.c.officer_id)
    return func.concat_ws("/", literal_column("'s'"), *(cast(part, Text) for part in parts))


def _speak_now(base: FromClause, joined: FromClause) -> ColumnElement[bool]:
    return and_(joined.c.series_id == base.c.id, joined.c.version == base.c.current_version)


# What the state of an outcome is told by, and where it lies.
_TOLD_BY: Final = frozenset({"lifecycle", "finality", "dispute", "kind", "held", "state_code"})
_SERIES_LINKS: Final = frozenset({"officer_id", "agency_id", "matter_id", "current_version"}) | _TOLD_BY

_SOURCES: Final = (
    _Source(python_type=own.Viewer),
    _Source(python_type=own.Me),
    _Source(python_type=statistics.Statistics),
    _Source(
        python_type=places.Jurisdiction,
        base=JURISDICTIONS,
        entity=Entity.JURISDICTION,
        links=frozenset({"parent_id"}),
    ),
    _Source(
        python_type=places.Agency,
        base=AGENCIES,
        entity=Entity.AGENCY,
        links=frozenset({"jurisdiction_id", "parent_id"}),
    ),
    _Source(
        python_type=places.RoleGrant,
        base=access.GRANTS,
        entity=Entity.GRANT,
        links=frozenset({"agency_id", "body_id"}),
    ),
    _Source(
        python_type=own.Mandate,
        base=access.GRANTS,
        entity=Entity.GRANT,
        links=frozenset({"officer_id", "role"}),
    ),
    _Source(
        python_type=places.CredentialingBody,
        base=credentials.CREDENTIALING_BODIES,
        entity=Entity.CREDENTIALING_BODY,
    ),
    _Source(
        python_type=places.Credential,
        base=credentials.AGENCY_CREDENTIALS,
        entity=Entity.CREDENTIAL,
        links=frozenset({"agency_id", "body_id", "status"}),
    ),
    _Source(python_type=places.PolicyTest, base=credentials.POLICY_TESTS, links=frozenset({"credential_id"})),
    _Source(python_type=duties.AgencyCompliance, base=AGENCIES, entity=Entity.COMPLIANCE),
    _Source(python_type=duties.Enrollment, base=AGENCY_ENROLLMENTS, links=frozenset({"agency_id"})),
    _Source(python_type=duties.PeriodReport, base=PERIOD_REPORTS, links=frozenset({"agency_id"})),
    _Source(python_type=duties.Attestation, base=ATTESTATIONS, links=frozenset({"agency_id"})),
    _Source(
        python_type=duties.GrantEligibility,
        base=credentials.GRANT_ELIGIBILITIES,
        entity=Entity.ELIGIBILITY,
        links=frozenset({"agency_id"}),
    ),
    _Source(python_type=records.Officer, base=people.OFFICERS, entity=Entity.OFFICER, counts_as=_name_officer("id")),
    _Source(python_type=records.OfficerName, base=people.OFFICER_NAMES, links=frozenset({"officer_id"})),
    _Source(python_type=records.OfficerIdentifier, base=people.OFFICER_IDENTIFIERS, links=frozenset({"officer_id"})),
    _Source(
        python_type=records.Stint,
        base=people.STINTS,
        entity=Entity.STINT,
        links=frozenset({"officer_id", "agency_id"}),
        counts_as=_name_officer("officer_id"),
    ),
    _Source(
        python_type=records.Certification,
        base=people.CERTIFICATIONS,
        entity=Entity.CERTIFICATION,
        links=frozenset({"officer_id", "state_code"}),
        counts_as=_name_officer("officer_id"),
    ),
    _Source(
        python_type=records.Outcome,
        base=outcomes.SERIES,
        entity=Entity.OUTCOME,
        links=_SERIES_LINKS,
        joined={
            "outcome_versions": Joined(table=outcomes.VERSIONS, link=_speak_now),
            "outcome_contents": Joined(table=outcomes.CONTENTS, link=_speak_now),
            "officer_statements": Joined(
                table=outcomes.OFFICER_STATEMENTS,
                link=lambda base, said: and_(said.c.series_id == base.c.id, func.upper_inf(said.c.recorded)),
            ),
        },
        counts_as=_name_outcome,
        past=OUTCOME_PAST,
    ),
    _Source(
        python_type=analysis.AnalystRow,
        base=outcomes.SERIES,
        entity=Entity.OUTCOME,
        links=frozenset(
            {"id", "agency_id", "current_version"}
            | _TOLD_BY
            | {"created_at", "notice_served_at", "cleared_at", "order_date"}
        ),
        identity=("analyst_id",),
        joined={
            "outcome_contents": Joined(table=outcomes.CONTENTS, link=_speak_now),
            "agencies": Joined(table=AGENCIES, link=lambda base, agency: agency.c.id == base.c.agency_id),
        },
    ),
    _Source(
        python_type=exports.Export,
        base=EXPORTS,
        entity=Entity.EXPORT,
        links=frozenset({"id", "account"}),
    ),
    _Source(python_type=process.Matter, base=MATTERS),
    _Source(python_type=process.ProcessStep, base=PROCESS_STEPS, links=frozenset({"matter_id"})),
    _Source(python_type=process.EvidenceItem, base=EVIDENCE_ITEMS, links=frozenset({"matter_id"})),
    _Source(
        python_type=process.OutcomeVersion,
        base=outcomes.VERSIONS,
        past=VERSION_PAST,
        links=frozenset({"series_id"}),
        identity=("version",),
        joined={
            "outcome_contents": Joined(
                table=outcomes.CONTENTS,
                link=lambda base, said: and_(said.c.series_id == base.c.series_id, said.c.version == base.c.version),
            )
        },
    ),
    _Source(
        python_type=process.Determination,
        base=outcomes.DETERMINATIONS,
        links=frozenset({"series_id"}),
        past=DETERMINATION_PAST,
    ),
    _Source(
        python_type=process.Hold,
        base=outcomes.HOLDS,
        links=frozenset({"series_id"}),
        past=HOLD_PAST,
    ),
    _Source(
        python_type=own.CandidateCheck,
        base=access.CANDIDATE_CHECKS,
        entity=Entity.CHECK,
        links=frozenset({"agency_id", "officer_id"}),
    ),
    _Source(
        python_type=own.Consent,
        base=access.CONSENTS,
        entity=Entity.CONSENT,
        links=frozenset({"agency_id", "officer_id"}),
    ),
    _Source(
        python_type=own.Disclosure,
        base=audit.RECORDS,
        entity=Entity.DISCLOSURE,
        links=frozenset({"agency_id", "kind"}),
    ),
    _Source(
        python_type=own.DisclosureItem,
        base=audit.ITEMS,
        links=frozenset({"record_id", "officer_id"}),
        identity=("ordinal",),
    ),
    _Source(
        python_type=oversight.AuditEvent,
        base=audit.RECORDS,
        entity=Entity.AUDIT_EVENT,
        links=frozenset({"agency_id"}),
    ),
    _Source(
        python_type=oversight.BreakGlassAccess,
        base=access.BREAK_GLASS_ACCESSES,
        entity=Entity.BREAK_GLASS,
        links=frozenset({"series_id", "approved_by", "ended_by"}),
    ),
    _Source(
        python_type=inbox.Notice,
        base=access.NOTICES,
        entity=Entity.NOTICE,
        links=frozenset({"agency_id", "officer_id", "series_id", "acknowledged_at"}),
    ),
    _Source(
        python_type=inbox.MonitorSubscription,
        base=access.MONITOR_SUBSCRIPTIONS,
        entity=Entity.MONITOR,
        links=frozenset({"agency_id", "officer_id", "stint_id"}),
    ),
    _Source(
        python_type=inbox.RelianceTask,
        base=access.RELIANCE_TASKS,
        entity=Entity.RELIANCE,
        links=frozenset({"agency_id", "notice_id", "done_at"}),
    ),
)


_STINT_LINKS: Final = frozenset({"officer_id", "agency_id", "from_date", "to_date", "separation_reason"})
# What figures are counted over; no row of these is ever told.
_SUBJECTS: Final = (
    _Source(
        python_type=statistics.OutcomeFigures,
        base=COUNTED_OUTCOMES,
        entity=Entity.OUTCOME,
        links=frozenset({"officer_id", "agency_id", "lifecycle", "finality", "dispute", "kind", "held", "action_date"}),
    ),
    _Source(python_type=statistics.StintFigures, base=COUNTED_STINTS, entity=Entity.STINT, links=_STINT_LINKS),
    _Source(python_type=statistics.WanderingFigures, base=COUNTED_STINTS, entity=Entity.STINT, links=_STINT_LINKS),
)


def build_catalogue() -> Catalogue:
    """The catalogue of the whole contract, from the declarations of the schema."""
    subjects = {
        source.python_type.__name__: Subject(
            binding=replace(_bind_type(source), is_node=False),
            make_rows=statistics.MADE_ROWS.get(source.python_type.__name__),
        )
        for source in _SUBJECTS
    }
    types = {source.python_type.__name__: _bind_type(source) for source in _SOURCES}
    roots = {name: found for name, found in _read_metadata(query.Query, ROOT).items() if isinstance(found, Root)}
    return Catalogue(types=types, roots=roots, subjects=subjects)


def _bind_type(source: _Source) -> TypeBinding:
    fields = _read_metadata(source.python_type, BINDING)
    return TypeBinding(
        name=source.python_type.__name__,
        base=source.base,
        entity=source.entity,
        fields=fields,
        links=source.links,
        joined=source.joined,
        identity=source.identity,
        counts_as=source.counts_as,
        past=source.past,
        is_node=source.entity is not None,
    )


def _read_metadata(python_type: type, key: str) -> dict[str, Any]:
    definition = python_type.__strawberry_definition__  # type: ignore[attr-defined]
    found: dict[str, Any] = {}
    for each in definition.fields:
        if key in each.metadata:
            found[each.graphql_name or _camel(each.name)] = each.metadata[key]
    return found


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)

"""Draws questions to statistics: any dimensions, measures, filters, conditions and orders that the contract takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from app.domain.vocabulary import AgencyKind, Finality, MatterKind, SeparationReason, SizeBand
from tests.analysis.drawn_facts import BASES, KINDS
from tests.analysis.plain_figures import SPREADS

_BOOLEAN: Final = st.fixed_dictionaries({"eq": st.booleans()})


def _code(codes: Any) -> st.SearchStrategy[Any]:
    names = st.sampled_from([str(each) for each in codes])
    return st.one_of(
        st.fixed_dictionaries({"eq": names}), st.fixed_dictionaries({"in": st.lists(names, min_size=1, max_size=3)})
    )


def _number(first: int, last: int) -> st.SearchStrategy[Any]:
    numbers = st.integers(first, last)
    return st.one_of(
        st.fixed_dictionaries({"eq": numbers}),
        st.fixed_dictionaries({}, optional={"from": numbers, "to": numbers}),
        st.fixed_dictionaries({"in": st.lists(numbers, min_size=1, max_size=3)}),
    )


_STATE: Final = st.one_of(_code(("WA", "OR", "NH")), st.just({"startsWith": "W"}))
_AGENCY: Final = {
    "stateCode": _STATE,
    "agencyKind": _code(tuple(AgencyKind)[:3]),
    "sizeBand": _code(tuple(SizeBand)[:2]),
    "rural": _BOOLEAN,
    "swornCountKnown": _BOOLEAN,
}
MEMBERS: Final = {
    "outcomes": {
        "year": _number(2016, 2025),
        "quarter": _number(1, 4),
        "kind": _code(KINDS),
        "hasFinding": _BOOLEAN,
        "basis": st.fixed_dictionaries({"has": st.sampled_from(BASES)}),
        "finality": _code(Finality),
        "matterKind": _code(MatterKind),
        **_AGENCY,
    },
    "stints": {
        "year": _number(2016, 2025),
        "quarter": _number(1, 4),
        "endYear": _number(2016, 2028),
        "endQuarter": _number(1, 4),
        "separationReason": _code(SeparationReason),
        "isCurrent": _BOOLEAN,
        **_AGENCY,
    },
    "wandering": {
        "year": _number(2016, 2028),
        "quarter": _number(1, 4),
        "separationReason": _code(SeparationReason),
        "ground": _code(("REASON", "OUTCOME", "BOTH")),
        "isAppointedAgain": _BOOLEAN,
        "nextStateCode": _STATE,
        "nextAgencyKind": _code(tuple(AgencyKind)[:3]),
        "nextSizeBand": _code(tuple(SizeBand)[:2]),
        **_AGENCY,
    },
}
_COMMON: Final = ("count", "officers", "ratePerThousandSworn")
MEASURES: Final = {
    "outcomes": (*_COMMON, *sorted(each for each in SPREADS if each not in {"daysServed", "daysUntilAppointed"})),
    "stints": (*_COMMON, "daysServed"),
    "wandering": (*_COMMON, "appointedAgain", "shareAppointedAgain", "daysUntilAppointed"),
}
STATISTICS: Final = ("KNOWN", "MEAN", "P10", "P25", "P50", "P75", "P90")
SPREAD: Final = "known mean p10 p25 p50 p75 p90"
RATE: Final = "value reason sworn agencies agenciesCounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One field of `statistics` with its arguments, the measures it shows and whether it names them."""

    subject: str
    arguments: dict[str, Any]
    shown: tuple[str, ...]
    names_measures: bool

    @property
    def variables(self) -> dict[str, Any]:
        """The arguments as variables."""
        given = dict(self.arguments)
        return {**given, "measures": [code(each) for each in self.shown]} if self.names_measures else given

    @property
    def document(self) -> str:
        """The operation, with every argument in a variable."""
        kind = {"outcomes": "Outcome", "stints": "Stint", "wandering": "Wandering"}[self.subject] + "Figures"
        parts = {**dict.fromkeys(SPREADS, f" {{ {SPREAD} }}"), "ratePerThousandSworn": f" {{ {RATE} }}"}
        names = [*(spell(each) for each in self.arguments["groupBy"]), *self.shown] or ["__typename"]
        fields = " ".join(name + parts.get(name, "") for name in names)
        return (
            f"query($groupBy: [{kind}Dimension!], $measures: [{kind}Measure!], $filter: {kind}Filter, "
            f"$having: [{kind}Having!], $orderBy: [{kind}Order!], $first: Int!) "
            f"{{ statistics {{ {self.subject}(groupBy: $groupBy, measures: $measures, filter: $filter, "
            f"having: $having, orderBy: $orderBy, first: $first) {{ hasMore exact marking rows {{ {fields} }} }} }} }}"
        )


def code(name: str) -> str:
    """`stateCode` is the code `STATE_CODE`."""
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name)


def spell(name: str) -> str:
    """`STATE_CODE` is the field `stateCode`."""
    first, *others = name.lower().split("_")
    return first + "".join(each.capitalize() for each in others)


@st.composite
def draw_questions(draw: st.DrawFn) -> Question:
    """Any question that is not refused."""
    subject = draw(st.sampled_from(sorted(MEMBERS)))
    members = MEMBERS[subject]
    fewest = draw(st.sampled_from((2, 1, 1, 0)))
    dimensions = draw(st.lists(st.sampled_from(sorted(members)), unique=True, min_size=fewest, max_size=3))
    shown = draw(st.lists(st.sampled_from(MEASURES[subject]), unique=True, min_size=1, max_size=3))
    compared = st.sampled_from(MEASURES[subject]).flatmap(_compare)
    ends = st.fixed_dictionaries({}, optional={"from": st.integers(0, 40), "to": st.integers(0, 900)})
    orders = [compared, *([st.sampled_from([{"dimension": code(each)} for each in dimensions])] if dimensions else [])]
    directed = st.fixed_dictionaries({}, optional={"direction": st.sampled_from(("ASC", "DESC"))})
    return Question(
        subject=subject,
        shown=tuple(shown),
        names_measures=draw(st.booleans()),
        arguments={
            "groupBy": [code(each) for each in dimensions],
            "filter": draw(st.one_of(st.just({}), _draw_filter(members))),
            "having": draw(st.one_of(st.just([]), st.lists(st.tuples(compared, ends).map(_join), max_size=2))),
            "orderBy": draw(st.lists(st.tuples(st.one_of(orders), directed).map(_join), max_size=2)),
            "first": draw(st.sampled_from((1000, 1000, 12, 0))),
        },
    )


def _compare(name: str) -> st.SearchStrategy[dict[str, Any]]:
    measure = {"measure": st.just(code(name))}
    return st.fixed_dictionaries({**measure, **({"statistic": st.sampled_from(STATISTICS)} if name in SPREADS else {})})


def _join(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _draw_filter(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    plain = st.lists(st.sampled_from(sorted(members)), unique=True, max_size=2).flatmap(
        lambda names: st.fixed_dictionaries({name: members[name] for name in names})
    )
    return st.recursive(
        plain,
        lambda inner: st.tuples(
            plain,
            st.one_of(
                st.fixed_dictionaries({"not": inner}),
                st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=2)}),
                st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=2)}),
            ),
        ).map(_join),
        max_leaves=3,
    )

"""Documents written by hand, each for what it does to a selection: (who asks, the document, its variables)."""

from __future__ import annotations

from typing import Any

from app.demo.cast import HARBORLIGHT, REED, TORRES, WALKER, StoryCheck, StoryOutcome
from tests.access.every_standing import make_id
from tests.properties.plain_rows import encode_id

Question = tuple[str, str, dict[str, Any]]

WALKER_ID = encode_id("Officer", WALKER.id)
REED_ID = encode_id("Officer", REED.id)
TORRES_ID = encode_id("Officer", TORRES.id)
WALKER_OUTCOME = encode_id("Outcome", StoryOutcome.WALKER_TERMINATED.value)
HARBORLIGHT_ID = encode_id("Agency", HARBORLIGHT.id)
CHECK_ID = encode_id("CandidateCheck", StoryCheck.WALKER_FULL.value)
SEALED_ID = encode_id("Outcome", make_id("c", 2))

KEYS: list[Question] = [
    ("public", "{ __typename }", {}),
    ("public", "{ viewer { purpose role __typename purpose } }", {}),
    ("public", "{ a: viewer { b: role c: role } d: viewer { __typename } }", {}),
    ("public", "{ b: viewer { role } a: viewer { role } b: viewer { purpose } }", {}),
    ("public", '{ agency(ori: "WA9990100") { rural oris kind name id swornCount sizeBand status stateCode } }', {}),
    ("public", '{ agency(ori: "WA0000000") { name } }', {}),
    ("public", '{ agency(ori: "OR9990100") { o3: name o1: kind t1: oris b2: jurisdiction { o3: code t1: id } } }', {}),
    ("head", "{ viewer { account agency { name } stateCode role } }", {}),
    ("post", "{ viewer { account agency { name } stateCode role } }", {}),
    ("officer", "{ viewer { account agency { name } stateCode } me { __typename record { familyName } } }", {}),
    (
        "records",
        "{ outcomes(first: 2) { " + "a" * 63 + ": nodes { id } " + "a" * 62 + "b: nodes { kind } totalCount } }",
        {},
    ),
    (
        "records",
        "{ outcomes(first: 1) { nodes { select: id from: kind where: version _: dispute __x: finality } } }",
        {},
    ),
]

FRAGMENTS: list[Question] = [
    (
        "records",
        "{ outcomes(first: 5) { nodes { ...A ...B id } } } "
        "fragment A on Outcome { kind officer { familyName ...N } } fragment B on Outcome { "
        "officer { givenName } kind } "
        "fragment N on Officer { givenName names { kind familyName } }",
        {},
    ),
    (
        "post",
        "query($id: ID!) { node(id: $id) { __typename id ... on Officer { familyName ... on Node { id } } "
        "... on Outcome { kind } ...F } } fragment F on Stint { rank }",
        {"id": WALKER_ID},
    ),
    (
        "investigator",
        "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on CandidateCheck { check: kind officer { id } } "
        "... on Officer { familyName } ... on Outcome { kind basis } ... on Agency { name } } }",
        {"ids": [CHECK_ID, WALKER_ID, REED_ID, TORRES_ID, WALKER_OUTCOME, SEALED_ID, HARBORLIGHT_ID, "x", CHECK_ID]},
    ),
    (
        "records",
        "query($id: ID!) { node(id: $id) { ...D } } fragment D on Node { id ... on Officer { stints(first: 3) "
        "{ edges { node { agency { name } ...S } cursor } } } } fragment S on Stint { rank isCurrent agency { id } }",
        {"id": WALKER_ID},
    ),
    ("post", "{ ...Q ... on Query { viewer { role } } } fragment Q on Query { viewer { purpose } }", {}),
    (
        "records",
        "{ outcomes(first: 3) { ... { nodes { ... { id ... { matter { kind } } } matter { status } } } } }",
        {},
    ),
]

DIRECTIVES: list[Question] = [
    *(
        (
            "records",
            "query($b: Boolean!, $c: Boolean = true) { outcomes(first: 2) { nodes { id @skip(if: $b) "
            "kind @include(if: $b) "
            "...V @include(if: $c) ... @skip(if: $c) { dispute } } totalCount @include(if: $b) } } "
            "fragment V on Outcome { version @skip(if: $b) finality }",
            variables,
        )
        for variables in ({"b": True}, {"b": False}, {"b": True, "c": False}, {"b": False, "c": False})
    ),
    ("public", "{ viewer @skip(if: true) { role } }", {}),
    ("public", "{ viewer { role @skip(if: true) } }", {}),
    (
        "public",
        "{ viewer { role @include(if: true) @skip(if: true) purpose @include(if: true) @skip(if: false) } }",
        {},
    ),
    (
        "records",
        "{ outcomes(first: 1) { nodes { matter { kind @skip(if: true) } holds { kind @skip(if: true) } } } }",
        {},
    ),
]

VARIABLES: list[Question] = [
    *(
        (
            "records",
            "query($f: OutcomeFilter, $o: OutcomeOrder, $n: Int = 4, $a: String) "
            "{ outcomes(first: $n, after: $a, filter: $f, orderBy: $o) { nodes { id kind actionDate "
            "clearedAt } totalCount } }",
            variables,
        )
        for variables in (
            {},
            {"n": 2},
            {"f": None, "o": None, "a": None},
            {"f": {"kind": {"eq": "TERMINATION"}}},
            {"f": {"kind": {"in": ["TERMINATION", "CONVICTION_ON_DUTY"]}}, "n": 9},
            {"f": {"kind": {"in": []}}},
            {"f": {"kind": {"in": None, "eq": None}}},
            {"f": {"kind": None}},
            {"f": {"actionDate": {"from": "2025-01-01", "to": "2025-09-01"}}, "n": 9},
            {"f": {"not": {"hasFinding": {"eq": True}}}, "n": 5},
            {"f": {"and": [{"lifecycle": {"eq": "CLEARED"}}, {"not": {"finality": {"in": ["FINAL"]}}}]}},
            {"f": {"or": [{"lifecycle": {"eq": "DRAFT"}}, {"forceRelated": {"eq": True}}]}, "n": 20},
            {"f": {"or": []}},
            {"f": {"and": []}},
            {"f": {"not": {}}},
            {"f": {"not": {"not": {"forceRelated": {"eq": False}}}}, "n": 30},
            {"o": {"field": "CLEARED_AT"}, "n": 30},
            {"o": {"field": "CLEARED_AT", "direction": "DESC"}, "n": 30},
            {"o": {"field": "KIND", "direction": "DESC"}},
            {"o": {"field": "ACTION_DATE", "direction": "ASC"}},
        )
    ),
    *(
        (
            "public",
            "query($s: String, $d: Direction, $k: [AgencyKind!]) { agencies(last: 7, orderBy: "
            "{field: SWORN_COUNT, direction: $d}, "
            "filter: {name: {startsWith: $s}, kind: {in: $k}}) { nodes { name swornCount kind } totalCount } }",
            variables,
        )
        for variables in (
            {},
            {"s": "C"},
            {"s": "%"},
            {"s": "_"},
            {"s": "\\"},
            {"s": ""},
            {"s": None, "d": "DESC"},
            {"k": ["SHERIFF"], "d": "ASC"},
            {"k": []},
            {"k": None},
        )
    ),
    ("public", '{ agencies(first: 3, filter: {or: {name: {startsWith: "H"}}}) { nodes { name } } }', {}),
    (
        "public",
        'query($n: String = "Harborlight Police Department") { agencies(first: 3, filter: {name: '
        "{in: [$n]}}) { totalCount } }",
        {},
    ),
    ("public", "query($n: String) { agencies(first: 3, filter: {name: {eq: $n}}) { totalCount } }", {}),
    ("public", "{ nodes(ids: []) { id } }", {}),
    ("public", '{ nodes(ids: "x") { id } }', {}),
    ("public", "query($i: [ID!]!) { nodes(ids: $i) { id __typename } }", {"i": []}),
    ("public", "query($i: [ID!]!) { nodes(ids: $i) { id __typename } }", {"i": HARBORLIGHT_ID}),
    ("public", "query($i: ID!) { nodes(ids: [$i, $i]) { id __typename } }", {"i": HARBORLIGHT_ID}),
    ("public", "query($i: ID!) { node(id: $i) { id } }", {"i": 7}),
]

LISTS: list[Question] = [
    (
        "records",
        "{ officers(first: 4) { __typename edges { __typename node { __typename familyName } cursor } nodes { id } "
        "pageInfo { __typename endCursor hasNextPage startCursor hasPreviousPage } totalCount } }",
        {},
    ),
    (
        "records",
        "{ officers(first: 0) { nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } totalCount } }",
        {},
    ),
    ("records", "{ officers(last: 3) { one: nodes { id } two: nodes { familyName } three: edges { cursor } } }", {}),
    (
        "records",
        "{ officers(last: 6, orderBy: {field: GIVEN_NAME, direction: DESC}) { nodes { givenName familyName middleName "
        "nameSuffix names { kind familyName fromDate } identifiers { kind issuer value } outcomes(first: 3, "
        "filter: {kind: {eq: TERMINATION}}) { nodes { kind version } totalCount pageInfo { hasNextPage } } "
        "certifications(first: 2, filter: {status: {in: [ACTIVE, LAPSED]}}) { nodes { status type } totalCount } } } }",
        {},
    ),
    (
        "head",
        '{ agency(ori: "WA9990100") { roleGrants(first: 9) { nodes { account role validTo '
        "grantedBy agency { name } } totalCount } } "
        'other: agency(ori: "WA9990200") { name roleGrants(first: 9) { totalCount nodes { account } } } }',
        {},
    ),
    (
        "investigator",
        "{ candidateChecks(first: 50) { nodes { kind closedAt agency { name } officer { id "
        "familyName names { givenName } "
        "outcomes(first: 2) { totalCount nodes { kind basis legalBasis agency { name } } } "
        "stints(first: 5, orderBy: {field: TO_DATE}) { nodes { fromDate toDate agency { name } } } } } totalCount } }",
        {},
    ),
    (
        "investigator",
        "query($id: ID!) { officer(id: $id) { familyName outcomes(last: 2) { nodes { statement } } } }",
        {"id": WALKER_ID},
    ),
    ("investigator", "query($id: ID!) { officer(id: $id) { familyName id } }", {"id": TORRES_ID}),
    ("investigator", "query($id: ID!) { candidateCheck(id: $id) { kind officer { familyName } } }", {"id": CHECK_ID}),
    (
        "post",
        "{ outcomes(first: 40, orderBy: {field: KIND}) { nodes { kind basis court officer { familyName } agency { name "
        "jurisdiction { code } } versions { version actionDate } determinations { rulePack "
        "missing } matter { caseNumber "
        "steps { byOffice } evidence { sha256 } } } } }",
        {},
    ),
    (
        "monitor",
        "{ outcomes(first: 40) { nodes { id basis kind } totalCount } officers(first: 40) { "
        "totalCount nodes { familyName } } }",
        {},
    ),
    (
        "officer",
        "{ me { outcomes(first: 9) { nodes { kind lifecycle holds { kind } respondBy } totalCount } consents(last: 2) "
        "{ edges { node { scope agency { name } usesLeft } } } notices(first: 5) { nodes { cause dueAt } } record { id "
        "identifiers { value } } } }",
        {},
    ),
]

# By what is masked in some of the rows that show: neither the comparison nor its negation may hold there.
MASKED: list[Question] = [
    (person, f"{{ outcomes(first: 50, {arguments}) {{ nodes {{ id forceRelated lifecycle }} totalCount }} }}", {})
    for person in ("records", "records_cove")
    for arguments in (
        "filter: {forceRelated: {eq: true}}",
        "filter: {not: {forceRelated: {eq: true}}}",
        "filter: {not: {not: {forceRelated: {eq: true}}}}",
        "filter: {not: {or: [{forceRelated: {eq: true}}, {kind: {eq: TERMINATION}}]}}",
        "filter: {not: {and: [{not: {forceRelated: {eq: false}}}, {hasFinding: {eq: true}}]}}",
        "filter: {and: [{not: {forceRelated: {eq: true}}}, {not: {forceRelated: {eq: false}}}]}",
        "filter: {not: {lifecycle: {in: [CLEARED, DRAFT]}}}",
        "filter: {or: [{not: {lifecycle: {eq: VOIDED}}}, {forceRelated: {eq: true}}]}",
        "filter: {not: {forceRelated: {eq: true}, lifecycle: {eq: VOIDED}}}",
    )
]

QUESTIONS: dict[str, list[Question]] = {
    "masked": MASKED,
    "keys": KEYS,
    "fragments": FRAGMENTS,
    "directives": DIRECTIVES,
    "variables": VARIABLES,
    "lists": LISTS,
    "several officers": [
        ("records_cove", "{ officers(first: 60, orderBy: {field: GIVEN_NAME}) { nodes { id givenName } } }", {}),
        (
            "post_oregon",
            "{ outcomes(last: 30) { nodes { id lifecycle: kind finality } pageInfo { hasPreviousPage } } }",
            {},
        ),
    ],
}

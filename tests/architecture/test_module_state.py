"""No module holds state: what one request brought can then not be left lying about for the next.

A module may hold constants, in capitals, that nothing changes; everything else is a value handed on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from .source_tree import list_app_modules

CONTAINERS = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter", "ChainMap"}
)
# These exist to be changed, or belong to one event loop or thread: not even in capitals.
STATEFUL = frozenset(
    {"ContextVar", "local", "Lock", "RLock", "Event", "Condition", "Semaphore", "BoundedSemaphore", "Queue"}
    | {"WeakKeyDictionary", "WeakValueDictionary", "WeakSet", "LRUCache", "TTLCache", "count", "cycle"}
)
CHANGES = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove", "discard", "clear"}
    | {"appendleft", "popleft", "sort", "reverse", "subtract"}
)
CACHES = frozenset({"cache", "lru_cache"})


def find_module_state(tree: ast.Module) -> list[str]:
    """What of a module's source would outlive a call, as sentences with the line they are about."""
    containers = dict(_list_containers(tree))
    return [
        *(
            f"line {line}: {name} is a changeable container; make it a constant, in capitals"
            for name, line in containers.items()
            if not name.strip("_").isupper() and name != "__all__"
        ),
        *_find_stateful_objects(tree),
        *_find_changes(tree, frozenset(containers)),
        *_find_globals_and_caches(tree),
    ]


def _list_module_values(tree: ast.Module) -> Iterator[tuple[str, int, ast.expr]]:
    """Names bound at module level, with their values; conditions and `try` at module level are looked into."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        statement = pending.pop(0)
        match statement:
            case ast.Assign(targets=targets, value=value):
                yield from ((t.id, t.lineno, value) for t in targets if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                yield target.id, target.lineno, value
            case ast.If() | ast.Try() | ast.With() | ast.For():
                pending.extend(child for child in ast.walk(statement) if isinstance(child, ast.Assign | ast.AnnAssign))


def _name_call(value: ast.expr) -> str:
    """The last part of what is called: `deque` for both `deque()` and `collections.deque()`."""
    match value:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def _list_containers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    for name, line, value in _list_module_values(tree):
        if isinstance(value, displays) or _name_call(value) in CONTAINERS:
            yield name, line


def _find_stateful_objects(tree: ast.Module) -> Iterator[str]:
    for name, line, value in _list_module_values(tree):
        if _name_call(value) in STATEFUL:
            yield f"line {line}: {name} holds state for every caller; hand it on as a value"


def _find_changes(tree: ast.Module, containers: frozenset[str]) -> Iterator[str]:
    """Changes, from within functions, of containers that belong to the module."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for node in ast.walk(function):
            match node:
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in containers:
                    yield f"line {node.lineno}: {name} is a constant and is changed here"
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)):
                    if name in containers and verb in CHANGES:
                        yield f"line {node.lineno}: {name} is a constant and is changed here"


def _find_globals_and_caches(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"line {node.lineno}: a global statement"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _takes_arguments(node):
            marks = {_name_call(mark) or ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
            if marks & CACHES:
                yield f"line {node.lineno}: {node.name} keeps what its callers brought; give the cache an owner"


def _takes_arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = function.args
    return bool(given.posonlyargs or given.args or given.kwonlyargs or given.vararg or given.kwarg)


def test_no_module_of_app_holds_state() -> None:
    found = [f"{module.name} {state}" for module in list_app_modules() for state in find_module_state(module.tree)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "seen = {}",
        "seen: dict[str, int] = {}",
        "if True:\n    seen = []",
        "try:\n    seen = set()\nexcept OSError:\n    pass",
        "import collections\nrecent = collections.deque()",
        "CURRENT = ContextVar('current')",
        "import asyncio\n_LOCK = asyncio.Lock()",
        "PLANS = {}\ndef keep(key, plan):\n    PLANS[key] = plan",
        "PLANS = {}\ndef forget(key):\n    del PLANS[key]",
        "SEEN = []\nclass Box:\n    def keep(self, x):\n        SEEN.append(x)",
        "PLANS = {}\nasync def keep(plan):\n    PLANS.setdefault(1, plan)",
        "def keep():\n    global seen\n    seen = 1",
        "from functools import cache\n@cache\ndef find(officer):\n    return officer",
        "import functools\n@functools.lru_cache(maxsize=10)\ndef find(*, officer):\n    return officer",
    ],
)
def test_state_that_outlives_a_call_is_found(source: str) -> None:
    assert find_module_state(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "LIMITS = {'depth': 10}\ndef read(name):\n    return LIMITS[name]",
        "ROLES: Final[dict[str, int]] = {}",
        "__all__ = ['x']",
        "STATES = tuple(sorted(['WA', 'OR']))",
        "def count():\n    seen = {}\n    seen['a'] = 1\n    return seen",
        "from functools import cache\n@cache\ndef read_places():\n    return ('WA',)",
        "officers = Table('officers', METADATA)",
    ],
)
def test_a_constant_and_a_local_are_not_state(source: str) -> None:
    assert find_module_state(ast.parse(source)) == []

"""Sizes: a module has at most 400 lines and a function at most 50, unless a reason is written here.

The list of exceptions may never outlive its reasons: an entry that is no longer needed fails.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .source_tree import SourceModule, list_app_modules

MODULE_LINES = 400
FUNCTION_LINES = 50

# Path of the module -> why it is one piece all the same.
LONG_MODULES: Mapping[str, str] = {
    "app/domain/vocabulary.py": "the glossary: nothing but closed lists of codes, looked up by everyone in one place",
}
# "path::qualified name" of the function -> why it is one piece all the same.
LONG_FUNCTIONS: Mapping[str, str] = {}


def list_functions(module: SourceModule) -> Iterator[tuple[str, int]]:
    """Each function and method of a module as (path::qualified name, lines with its docstring)."""
    yield from _list_functions_within(module.tree, f"{module.name}::")


def _list_functions_within(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + child.name, (child.end_lineno or child.lineno) - child.lineno + 1
                yield from _list_functions_within(child, f"{prefix}{child.name}.")
            case ast.ClassDef():
                yield from _list_functions_within(child, f"{prefix}{child.name}.")
            case _:
                yield from _list_functions_within(child, prefix)


def find_misfits(sizes: Mapping[str, int], limit: int, reasons: Mapping[str, str]) -> list[str]:
    """What is too long without a reason, and reasons that nothing needs any more."""
    too_long = {name for name, size in sizes.items() if size > limit}
    return [
        *(f"{name} has {sizes[name]} lines; split it" for name in sorted(too_long - reasons.keys())),
        *(f"{name} needs no exception any more" for name in sorted(reasons.keys() - too_long)),
        *(f"{name} has an exception without a reason" for name, reason in sorted(reasons.items()) if not reason),
    ]


def test_no_module_is_too_long() -> None:
    assert find_misfits({m.name: m.lines for m in list_app_modules()}, MODULE_LINES, LONG_MODULES) == []


def test_no_function_is_too_long() -> None:
    sizes = dict(size for module in list_app_modules() for size in list_functions(module))
    assert sizes
    assert find_misfits(sizes, FUNCTION_LINES, LONG_FUNCTIONS) == []


def test_a_method_inside_a_function_is_measured_under_its_full_name() -> None:
    text = "def make():\n    class Box:\n        async def open(self):\n            return 1\n    return Box\n"
    module = SourceModule(name="app/x.py", lines=5, tree=ast.parse(text))
    assert dict(list_functions(module)) == {"app/x.py::make": 5, "app/x.py::make.Box.open": 2}


def test_an_exception_that_nothing_needs_is_reported() -> None:
    sizes = {"short": 10, "long": 60, "reasoned": 70, "unreasoned": 80}
    reasons = {"short": "once needed", "gone": "once there", "reasoned": "one table", "unreasoned": ""}
    assert find_misfits(sizes, 50, reasons) == [
        "long has 60 lines; split it",
        "gone needs no exception any more",
        "short needs no exception any more",
        "unreasoned has an exception without a reason",
    ]

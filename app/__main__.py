"""The command `probity`: finds the room of a command, and translates a refusal into its exit code.

Exit codes are 0 done, 1 refused or failed check, 2 wrong use; a traceback is a fault of ours, never an answer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from app.errors import ImportRefused, SetupRefused

# The first word of a command and the module that registers it: only the module that is needed is loaded.
COMMANDS: Final = {
    "audit": "app.cli.audit",
    "db": "app.cli.db",
    "demo": "app.cli.demo",
    "exports": "app.cli.exports",
    "grants": "app.cli.grants",
    "import": "app.cli.imports",
    "policy": "app.cli.policy",
    "schema": "app.cli.schema",
    "serve": "app.cli.serve",
    "token": "app.cli.token",
    "world": "app.cli.world",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    parser = build_parser(given)
    arguments = parser.parse_args(given)
    try:
        code: int = arguments.handler(arguments)
    except (SetupRefused, ImportRefused) as refusal:
        sys.stderr.write(f"probity: {refusal}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as after `| head`: nothing is left to say.
        sys.stderr.close()
        return 1
    return code


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for these words: of one command where the first word names it, of all of them for help."""
    parser = argparse.ArgumentParser(
        prog="probity", description="Probity: an open registry of law-enforcement officer outcomes."
    )
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    first = next((word for word in words if not word.startswith("-")), None)
    modules = [COMMANDS[first]] if first in COMMANDS else list(COMMANDS.values())
    for module in modules:
        import_module(module).register(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())

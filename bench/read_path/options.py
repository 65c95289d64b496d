"""What the command line of the measurement can say.

A name that stands for nothing is refused before anything is seeded or started.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from read_path.sizes import Sizes, scale

SMALL: Final = 10_000
_FULL: Final = 1_000_000
_EPILOG: Final = """
variants: json, rows (both by hand), probity, unaudited, naive, postgraphile; shapes: by name, as the tables call them.
One shape of one variant:  --quick --home FOLDER --variants unaudited --shapes look-up
"""


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """The options; a wrong one ends the process with 2."""
    parser = argparse.ArgumentParser(
        description="what a read costs beside hand-written SQL",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_registry(parser)
    _add_measurement(parser)
    chosen = parser.parse_args(arguments)
    chosen.officers = chosen.officers or (SMALL if chosen.quick else _FULL)
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 7)
    chosen.seconds = chosen.seconds or (1.0 if chosen.quick else 3.0)
    if chosen.scale is None:
        chosen.scale = chosen.officers > SMALL and not (chosen.quick or chosen.profile)
    return chosen


def _add_registry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--officers", type=int, help="how many officers (1,000,000)")
    parser.add_argument("--stints", type=int, help="how many stints (twice the officers)")
    parser.add_argument("--versions", type=int, help="how many outcome versions (three for two officers)")
    parser.add_argument("--agencies", type=int, help="how many agencies (18 for a thousand officers)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes another registry (1)")
    parser.add_argument("--home", type=Path, help="keep the registry in this folder, and use it again")
    parser.add_argument("--fresh", action="store_true", help="seed the kept registry anew")
    parser.add_argument("--seed-only", action="store_true", help="stop when the registry is filled")
    parser.add_argument("--quick", action="store_true", help="10,000 officers, 3 rounds of a second")


def _add_measurement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variants", type=_split, help="measure these alone, separated by commas")
    parser.add_argument("--shapes", type=_split, help="measure these alone, separated by commas")
    parser.add_argument("--beside", type=Path, help="measure the Probity of another checkout too, on the same database")
    parser.add_argument("--rounds", type=int, help="how many rounds (7); medians are told")
    parser.add_argument("--seconds", type=float, help="how long a round of one variant is (3)")
    parser.add_argument("--connections", type=int, default=4, help="how many ask at once (4)")
    parser.add_argument(
        "--scale",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="measure a registry of 10,000 officers too, and compare (where there are more)",
    )
    parser.add_argument("--profile", action="store_true", help="tell where a request's time goes, instead of measuring")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")


def _split(text: str) -> list[str]:
    return text.split(",")


def read_sizes(chosen: argparse.Namespace) -> Sizes:
    """The registry's sizes; raises `ValueError` where they do not go together."""
    usual = scale(chosen.officers, chosen.seed)
    return Sizes(
        officers=usual.officers,
        stints=chosen.stints or usual.stints,
        versions=chosen.versions or usual.versions,
        agencies=chosen.agencies or usual.agencies,
        seed=chosen.seed,
    )

"""What a read costs beside hand-written SQL and beside what people would use instead.

Run `python bench/measure_read_path.py [--officers N]`; it seeds a registry of its own, compares every body, then
measures interleaved rounds. It exits with 1 where two variants disagree, never for a slow machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The checkout that holds this file is measured, whichever one is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from read_path.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

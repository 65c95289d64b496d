"""The running registry, for the tests of this folder."""

from __future__ import annotations

from tests.access.stage import own_truth, registry, shared, told, truth, world

__all__ = ["own_truth", "registry", "shared", "told", "truth", "world"]

"""How a measured server tells where it answers: a line that the measurement reads.

It must stay free of the product, which the other servers are not to load.
"""

from __future__ import annotations


def announce(port: int) -> None:
    """Tell the measurement where we answer."""
    print(f"port {port}", flush=True)

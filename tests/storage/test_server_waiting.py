"""Waiting for a recovery has no limit and is not silent."""

from __future__ import annotations

from app.storage.embedded_server.waiting import Waiting


def test_a_recovery_is_waited_for_without_a_limit_and_with_a_line_now_and_then() -> None:
    now = 0.0
    lines: list[str] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    waiting = Waiting(report=lines.append, log="server.log", clock=lambda: now, sleep=sleep)
    while now < 3600:
        waiting.pause()
    assert len(lines) == 1800
    assert lines[0] == "the database server is recovering, 2 s so far (its log: server.log)"
    assert "3600 s" in lines[-1]

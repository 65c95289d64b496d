"""Starting, waiting for and stopping the embedded server's processes.

INVARIANT: whether a server lives is asked of a lock that its processes hold, never of a process id on disk, which
after a crash or in a new container may be a stranger's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.errors import SetupRefused
from app.storage.embedded_server.account import ServerAccount
from app.storage.embedded_server.binaries import ServerBinaries
from app.storage.embedded_server.configuration import write_configuration
from app.storage.embedded_server.folders import PORT, ClusterFolders
from app.storage.embedded_server.initialise import SUPERUSER
from app.storage.embedded_server.server_log import open_log, rotate_log
from app.storage.embedded_server.waiting import Waiting
from app.storage.file_locks import open_lock, try_lock, wait_for_lock

_ACCEPTS = 0  # exit code of pg_isready
_NO_RESPONSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One cluster's server; its methods need the start lock."""

    folders: ClusterFolders
    account: ServerAccount
    binaries: ServerBinaries
    report: Callable[[str], None]

    def ensure_running(self, *, durable: bool) -> None:
        """Returns once the server accepts logins, however long its recovery takes.

        A running server is taken as it is. Raises SetupRefused as soon as a server that was started here has died.
        """
        started = False
        waiting = Waiting(report=self.report, log=str(self.folders.log))
        while True:
            started = self._start_if_dead(started_before=started, durable=durable) or started
            answer = self._ask()
            if answer == _ACCEPTS:
                return
            if answer == _NO_RESPONSE and self._lost_its_socket():
                self._request_stop()
            waiting.pause()

    def stop(self) -> None:
        """Disconnects everyone, lets the server write what it must, and waits for its last process to end."""
        descriptor = open_lock(self.folders.server_lock)
        try:
            if not try_lock(descriptor) and self._request_stop():
                wait_for_lock(descriptor)
        finally:
            os.close(descriptor)

    def _start_if_dead(self, *, started_before: bool, durable: bool) -> bool:
        """Starts the server if not one of its processes lives; refuses to do so twice."""
        descriptor = open_lock(self.folders.server_lock)
        try:
            if not try_lock(descriptor):
                return False
            if started_before:
                raise SetupRefused(
                    f"the database server stopped while starting; mend what {self.folders.log} says, then start again"
                )
            self._start(descriptor, durable=durable)
            return True
        finally:
            os.close(descriptor)

    def _start(self, lock: int, *, durable: bool) -> None:
        """Starts the server; it and all of its processes inherit `lock`, which is held, and keep it by living."""
        self.report("starting the database server")
        write_configuration(self.folders, self.account, durable=durable)
        # No process of this cluster lives, so what these files say is of the past: PostgreSQL would take any living
        # process with the old number, common in a new container, for the old server and refuse to start.
        for stale in (self.folders.process_file, self.folders.socket.with_name(self.folders.socket.name + ".lock")):
            stale.unlink(missing_ok=True)
        rotate_log(self.folders.log)
        command: list[str | Path] = [
            self.binaries.program("postgres"),
            "-D",
            self.folders.data,
            "-c",
            f"config_file={self.folders.configuration}",
        ]
        with open_log(self.folders.log) as log:
            # The shell ends at once, so that the server is nobody's child: no unreaped process when it ends, and
            # with a session of its own it outlives this terminal and its Ctrl-C.
            self.account.run(
                ["/bin/sh", "-c", '"$@" &', "sh", *command], output=log, pass_fds=(lock,), own_session=True
            )

    def _ask(self) -> int:
        """Exit code of pg_isready: 0 accepts logins, 1 is starting or stopping, 2 does not answer."""
        command: list[str | Path] = [
            self.binaries.program("pg_isready"),
            "--quiet",
            "--timeout=5",
            f"--host={self.folders.sockets}",
            f"--port={PORT}",
            f"--username={SUPERUSER}",
            "--dbname=postgres",
        ]
        return self.account.run(command)

    def _lost_its_socket(self) -> bool:
        """Whether the server has said that it is ready, but its socket was removed or is remembered elsewhere."""
        try:
            state = self.folders.process_file.read_text(encoding="utf-8", errors="replace").split()
        except FileNotFoundError:
            return False
        return state[-1:] == ["ready"] and not self.folders.socket.exists()

    def _request_stop(self) -> bool:
        """Asks for a fast shutdown, as the server's account, so that a wrong process id can hit nobody else's."""
        command: list[str | Path] = [
            self.binaries.program("pg_ctl"),
            "stop",
            f"--pgdata={self.folders.data}",
            "--mode=fast",
            "--no-wait",
            "--silent",
        ]
        return self.account.run(command) == 0

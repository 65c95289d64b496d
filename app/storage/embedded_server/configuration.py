"""The embedded server's settings and its one access rule, written anew at every start.

INVARIANT: every login gives a password, nothing listens on a network, and no statement or value reaches the log.
"""

from __future__ import annotations

from app.storage.embedded_server.account import ServerAccount
from app.storage.embedded_server.folders import PORT, ClusterFolders
from app.storage.private_files import FILE_MODE, write_private_file

# INVARIANT: the only rule; a "trust" or "peer" line would let every local process in.
_ACCESS_RULES = "local all all scram-sha-256\n"

_SETTINGS: dict[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    # Else a superuser could undo the lines below in a file that is read after this one.
    "allow_alter_system": "off",
    # Messages of level ERROR quote values ("invalid input syntax for ..."); the client gets them, the log does not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Sized for a laptop that serves one registry.
    "max_connections": "150",
    "shared_buffers": "256MB",
    "wal_level": "replica",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "jit": "off",
}

_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def write_configuration(folders: ClusterFolders, account: ServerAccount, *, durable: bool) -> None:
    """Writes both files beside the data, so that a server that was broken into cannot change them.

    The server's account reads them; when that is not the caller, only root may write them.
    """
    settings = {
        **_SETTINGS,
        "hba_file": str(folders.access_rules),
        "unix_socket_directories": _quote_list_item(str(folders.sockets)),
        **({} if durable else _FORGETFUL),
    }
    # initdb's own file comes first: it holds what it measured on this machine.
    lines = [f"include {_quote(str(folders.data / 'postgresql.conf'))}"]
    lines += [f"{name} = {_quote(value)}" for name, value in settings.items()]
    mode = 0o644 if account.demoted else FILE_MODE
    write_private_file(folders.configuration, "\n".join(lines) + "\n", mode=mode)
    write_private_file(folders.access_rules, _ACCESS_RULES, mode=mode)


def _quote(value: str) -> str:
    """A value of the configuration file, in which a backslash escapes."""
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _quote_list_item(value: str) -> str:
    """One item of a comma-separated setting."""
    escaped = value.replace('"', '""')
    return f'"{escaped}"'

"""The parts of the embedded PostgreSQL server: account, programs, folders, settings, data, processes."""

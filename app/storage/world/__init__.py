"""Worlds in the database: loading rows by COPY, all or nothing, and reading them back in order."""

"""The audit chains in the database: written by group commit or inside a command's transaction, read to be verified."""

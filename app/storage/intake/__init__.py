"""Putting imported rows into the registry: staging tables and set-based merges."""

"""Worlds: whole registries as lines of JSON, read strictly into rows and written back."""

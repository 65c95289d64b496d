"""Vocabulary and pure rules of the registry; no input, no output."""

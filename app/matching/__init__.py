"""Candidate identity: from claims to the right officer, or to nobody."""

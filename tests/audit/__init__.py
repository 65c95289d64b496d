"""Audit: no answer without its durable record, and no record changed unseen."""

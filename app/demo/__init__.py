"""Invented people and agencies, and a guided tour; only in demo mode."""

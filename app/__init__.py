"""Probity: an open registry of law-enforcement officer outcomes; what may not be seen is never selected."""

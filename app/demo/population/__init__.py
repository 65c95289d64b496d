"""Invented people, agencies and careers with the frequencies of real ones, written as a world."""

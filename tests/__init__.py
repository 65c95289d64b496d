"""Tests, by promise and not by module."""

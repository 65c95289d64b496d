"""Measures the read path: Probity beside hand-written SQL and beside what people would use instead."""

"""Public aggregates, built from counts and never from records."""

"""Rules about the source itself: who imports whom, how large, what may lie where."""

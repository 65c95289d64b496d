"""The decision point: reads policies/ and gives grants."""

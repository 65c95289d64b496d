"""The servers that are measured, each a process of its own that prints its port and serves until it is told to stop."""

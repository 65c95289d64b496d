"""The command line, one module a command group; it parses and prints, and decides nothing."""

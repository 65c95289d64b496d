"""Reading other people's files: strictly, by a mapping, into rows the registry understands."""

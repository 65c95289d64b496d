"""The measurements in their smallest form: they run, and their variants tell the same."""

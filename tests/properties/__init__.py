"""Properties that hold of every answer, each against something independent of the compiler."""

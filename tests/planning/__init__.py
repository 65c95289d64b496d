"""Plans: what they select, how they page, and that they are told apart."""

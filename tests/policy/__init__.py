"""Rules about who may see what: the policy as it is served, and the machinery that reads and evaluates it."""

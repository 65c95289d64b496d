"""What must be true of any policy of this registry: one sentence, one source and one search for a breach each."""

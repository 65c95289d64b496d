"""From a token to verified claims to a principal."""

"""Tokens, proofs, principals: everything that is not genuine is refused, with the same words."""

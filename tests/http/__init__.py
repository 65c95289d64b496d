"""The edge: what HTTP sends in, and what it gets back."""

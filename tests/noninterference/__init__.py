"""Non-interference over HTTP: what a principal may not see changes no byte of what he gets."""

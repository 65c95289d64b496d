"""The commands of the domain, one module a capability."""

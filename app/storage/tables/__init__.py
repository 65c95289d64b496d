"""Every table of the registry as SQLAlchemy Core, one module a family; `everything.METADATA` has them all."""

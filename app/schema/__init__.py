"""The GraphQL contract: types, commands, scalars and its export; the only speaker of Strawberry."""

"""The edge: routes, the GraphQL endpoint and the only translation of errors to status codes."""

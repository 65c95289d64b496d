"""Who may reach what: the second wall, grants of the database, disclosures, commands and changes of policy."""

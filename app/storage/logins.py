"""The database logins, one for each class of principal and one for each kind of work.

A login can do only what `migrations/grants.sql` lists for it; none but the owner may create or alter anything.
"""

from __future__ import annotations

from enum import StrEnum

from app.domain.vocabulary import Role


class Login(StrEnum):
    """Login roles of the database; the value is the role's name without its prefix."""

    PUBLIC = "public"
    AGENCY = "agency"
    POST = "post"
    OFFICER = "officer"
    DOJ = "doj"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    REGISTRAR = "registrar"
    CREDENTIALS = "credentials"
    COMMAND = "command"
    LEDGER = "ledger"
    MATCHER = "matcher"
    IMPORTER = "importer"
    RELEASER = "releaser"

    @property
    def role_name(self) -> str:
        """The name of the PostgreSQL role."""
        return f"probity_{self.value}"

    @property
    def variable(self) -> str:
        """The environment variable that holds this login's database address."""
        return f"PROBITY_DATABASE_URL_{self.value.upper()}"


OWNER_ROLE = "probity_owner"
# INVARIANT: roles whose readers see different kinds of fact have logins of their own, for column grants are a login's:
# the analyst's reaches no name, those of credentials no record of a person.

LOGIN_OF_ROLE: dict[Role, Login] = {
    Role.PUBLIC: Login.PUBLIC,
    Role.OFFICER: Login.OFFICER,
    Role.OFFICER_REP: Login.OFFICER,
    Role.HIRING_INVESTIGATOR: Login.AGENCY,
    Role.RECORDS_OFFICER: Login.AGENCY,
    Role.AGENCY_HEAD: Login.AGENCY,
    Role.POST_OFFICER: Login.POST,
    Role.DOJ_ANALYST: Login.ANALYST,
    Role.DOJ_GRANTS: Login.CREDENTIALS,
    Role.DOJ_ADJUDICATOR: Login.DOJ,
    Role.DOJ_CERTIFIER: Login.CREDENTIALS,
    Role.REGISTRAR: Login.REGISTRAR,
    Role.CREDENTIALING_BODY: Login.CREDENTIALS,
    Role.AUDITOR: Login.AUDITOR,
}

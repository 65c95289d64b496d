"""The whole schema of the registry, from the start.

Why: every table of the domain exists before the first record, so that invariants hold from the first row. Reversible:
only while empty, by dropping the schemas. Who may read the columns: nobody until `grants.sql` says so.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23_1_schema"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = ("registry", "release", "matching", "audit")


def upgrade() -> None:
    """Create the schemas, the one extension that exclusion constraints need, and every table."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for schema in SCHEMAS:
        op.execute(f"CREATE SCHEMA {schema}")
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("chain_heads_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
        schema="audit",
    )
    op.create_table(
        "records",
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("check_id", sa.Uuid(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("policy_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("input_commitment", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("items_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('DISCLOSURE', 'QUERY', 'COMMAND', 'IMPORT', 'SETUP')", name=op.f("ck_records_kind_known")
        ),
        sa.CheckConstraint(
            "octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name=op.f("ck_records_hash_form")
        ),
        sa.CheckConstraint(
            "octet_length(document_sha256) = 32 AND octet_length(policy_sha256) = 32 AND octet_length(input_commitment) = 32 AND octet_length(items_sha256) = 32",
            name=op.f("ck_records_digest_form"),
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'DISCLOSURE' THEN item_count > 0 WHEN 'QUERY' THEN item_count = 0 ELSE item_count >= 0 END",
            name=op.f("ck_records_items_fit_kind"),
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_records_position_from_one")),
        sa.PrimaryKeyConstraint("chain_id", "position", name=op.f("pk_records")),
        sa.UniqueConstraint("id", name=op.f("uq_records_id")),
        schema="audit",
    )
    op.create_index("ix_records_account_at", "records", ["account", "at"], unique=False, schema="audit")
    op.create_table(
        "command_keys",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("input_sha256", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", "idempotency_key", name=op.f("pk_command_keys")),
        schema="registry",
    )
    op.create_table(
        "credentialing_bodies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("states", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentialing_bodies")),
        sa.UniqueConstraint("name", name=op.f("uq_credentialing_bodies_name")),
        schema="registry",
    )
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_scope", sa.Text(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('agencies', 'careers', 'cases')", name=op.f("ck_import_batches_kind_known")),
        sa.CheckConstraint("transaction_scope IN ('rows', 'file')", name=op.f("ck_import_batches_scope_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
        sa.UniqueConstraint(
            "kind",
            "source",
            "file_sha256",
            "mapping_sha256",
            name=op.f("uq_import_batches_kind_source_file_sha256_mapping_sha256"),
        ),
        schema="registry",
    )
    op.create_table(
        "jurisdictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("state_fips", sa.Text(), nullable=True),
        sa.Column("county_fips", sa.Text(), nullable=True),
        sa.Column("tribe_code", sa.Text(), nullable=True),
        sa.Column("gnis_id", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(level IN ('STATE', 'TERRITORIAL', 'LOCAL')) = (state_code IS NOT NULL)",
            name=op.f("ck_jurisdictions_state_code_where_due"),
        ),
        sa.CheckConstraint("county_fips ~ '^[0-9]{5}$'", name=op.f("ck_jurisdictions_county_fips_form")),
        sa.CheckConstraint(
            "level IN ('FEDERAL', 'STATE', 'LOCAL', 'TRIBAL', 'TERRITORIAL', 'CAMPUS')",
            name=op.f("ck_jurisdictions_level_known"),
        ),
        sa.CheckConstraint("state_code ~ '^[A-Z]{2}$'", name=op.f("ck_jurisdictions_state_code_form")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["registry.jurisdictions.id"], name=op.f("fk_jurisdictions_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdictions")),
        sa.UniqueConstraint("code", name=op.f("uq_jurisdictions_code")),
        schema="registry",
    )
    op.create_index(op.f("ix_jurisdictions_parent_id"), "jurisdictions", ["parent_id"], unique=False, schema="registry")
    op.create_table(
        "officers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("analyst_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=True),
        sa.Column("name_suffix", sa.Text(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'MERGED') = (merged_into IS NOT NULL)", name=op.f("ck_officers_merged_names_its_target")
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'MERGED')", name=op.f("ck_officers_status_known")),
        sa.CheckConstraint(
            "length(family_name) <= 100 AND length(given_name) <= 100", name=op.f("ck_officers_name_length")
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["registry.officers.id"], name=op.f("fk_officers_merged_into"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
        sa.UniqueConstraint("analyst_id", name=op.f("uq_officers_analyst_id")),
        schema="registry",
    )
    op.create_index(
        "ix_officers_family_name_given_name_id",
        "officers",
        ["family_name", "given_name", "id"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "standard_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_sets")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_standard_sets_name_version")),
        schema="registry",
    )
    op.create_table(
        "support_model_surveys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("closed_on >= opened_on", name=op.f("ck_support_model_surveys_closes_after_opening")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_model_surveys")),
        sa.UniqueConstraint("name", name=op.f("uq_support_model_surveys_name")),
        schema="registry",
    )
    op.create_table(
        "privacy_ledger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("rho", sa.Numeric(), nullable=False),
        sa.Column("intended_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("drawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("rho > 0", name=op.f("ck_privacy_ledger_rho_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_ledger")),
        sa.UniqueConstraint("vintage", "table_name", name=op.f("uq_privacy_ledger_vintage_table_name")),
        schema="release",
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vintage", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("frozen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("manifest", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("manifest_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(status = 'PUBLISHED') <= (signature IS NOT NULL)", name=op.f("ck_releases_published_is_signed")
        ),
        sa.CheckConstraint("status IN ('DRAFT', 'REVIEWED', 'PUBLISHED')", name=op.f("ck_releases_status_known")),
        sa.CheckConstraint(
            "(published_by IS NULL) = (published_at IS NULL)", name=op.f("ck_releases_published_by_with_published_at")
        ),
        sa.CheckConstraint(
            "(reviewed_by IS NULL) = (reviewed_at IS NULL)", name=op.f("ck_releases_reviewed_by_with_reviewed_at")
        ),
        sa.CheckConstraint("published_by <> reviewed_by", name=op.f("ck_releases_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint("vintage", name=op.f("uq_releases_vintage")),
        schema="release",
    )
    op.create_table(
        "items",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.CheckConstraint("(series_id IS NULL) = (version IS NULL)", name=op.f("ck_items_series_with_version")),
        sa.CheckConstraint("ordinal >= 1", name=op.f("ck_items_ordinal_from_one")),
        sa.ForeignKeyConstraint(
            ["record_id"], ["audit.records.id"], name=op.f("fk_items_record_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("record_id", "ordinal", name=op.f("pk_items")),
        schema="audit",
    )
    op.create_index("ix_items_officer_id", "items", ["officer_id"], unique=False, schema="audit")
    op.create_index("ix_items_series_id", "items", ["series_id"], unique=False, schema="audit")
    op.create_table(
        "birth_dates",
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "CASE precision WHEN 'YEAR' THEN extract(doy FROM birth_date) = 1 WHEN 'MONTH' THEN extract(day FROM birth_date) = 1 ELSE true END",
            name=op.f("ck_birth_dates_precision_honest"),
        ),
        sa.CheckConstraint("precision IN ('DAY', 'MONTH', 'YEAR')", name=op.f("ck_birth_dates_precision_known")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_birth_dates_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_birth_dates")),
        schema="matching",
    )
    op.create_table(
        "officer_keys",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("key_type", sa.SmallInteger(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_officer_keys_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("key", "officer_id", "key_type", name=op.f("pk_officer_keys")),
        schema="matching",
    )
    op.create_index("ix_officer_keys_officer_id", "officer_keys", ["officer_id"], unique=False, schema="matching")
    op.create_table(
        "verification_tags",
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("octet_length(tag) = 32", name=op.f("ck_verification_tags_tag_form")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_verification_tags_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("officer_id", "key_version", name=op.f("pk_verification_tags")),
        schema="matching",
    )
    op.create_table(
        "agencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("jurisdiction_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "name_key",
            sa.Text(),
            sa.Computed("upper(btrim(regexp_replace(name, '[^A-Za-z0-9]+', ' ', 'g')))", persisted=True),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("location_state", sa.Text(), nullable=True),
        sa.Column("county_fips", sa.Text(), nullable=True),
        sa.Column("sworn_count", sa.Integer(), nullable=True),
        sa.Column("size_band", sa.Text(), nullable=True),
        sa.Column("rural", sa.Boolean(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('LOCAL_POLICE', 'SHERIFF', 'PRIMARY_STATE', 'SPECIAL_JURISDICTION', 'TRIBAL', 'CONSTABLE_MARSHAL', 'FEDERAL', 'CAMPUS', 'TERRITORIAL', 'CORRECTIONS')",
            name=op.f("ck_agencies_kind_known"),
        ),
        sa.CheckConstraint(
            "size_band IN ('UP_TO_10', 'FROM_11_TO_49', 'FROM_50_TO_99', 'FROM_100_TO_499', 'FROM_500')",
            name=op.f("ck_agencies_size_band_known"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'CLOSED')", name=op.f("ck_agencies_status_known")),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 200", name=op.f("ck_agencies_name_length")),
        sa.CheckConstraint("sworn_count >= 0", name=op.f("ck_agencies_sworn_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"],
            ["registry.jurisdictions.id"],
            name=op.f("fk_agencies_jurisdiction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["registry.agencies.id"], name=op.f("fk_agencies_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agencies")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_agencies_jurisdiction_id"), "agencies", ["jurisdiction_id"], unique=False, schema="registry"
    )
    op.create_index("ix_agencies_name_id", "agencies", ["name", "id"], unique=False, schema="registry")
    op.create_index(
        "ix_agencies_name_key_location_state",
        "agencies",
        ["name_key", "location_state"],
        unique=False,
        schema="registry",
    )
    op.create_index("ix_agencies_state_code_id", "agencies", ["state_code", "id"], unique=False, schema="registry")
    op.create_table(
        "authorities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("jurisdiction_id", sa.Uuid(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("jurisdiction_id"), "="),
            (sa.column("kind"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_authorities_overlap",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id"], ["registry.jurisdictions.id"], name=op.f("fk_authorities_jurisdiction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorities")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_authorities_jurisdiction_id"), "authorities", ["jurisdiction_id"], unique=False, schema="registry"
    )
    op.create_table(
        "body_certifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("standard_set_id", sa.Uuid(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("certified_by", sa.Text(), nullable=False),
        sa.Column("certified_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("body_id"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_body_certifications_overlap"
        ),
        sa.ForeignKeyConstraint(
            ["body_id"],
            ["registry.credentialing_bodies.id"],
            name=op.f("fk_body_certifications_body_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["standard_set_id"],
            ["registry.standard_sets.id"],
            name=op.f("fk_body_certifications_standard_set_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_body_certifications")),
        schema="registry",
    )
    op.create_table(
        "certifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("state_code", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("state_code ~ '^[A-Z]{2}$'", name=op.f("ck_certifications_state_code_form")),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'INACTIVE', 'LAPSED', 'SUSPENDED', 'REVOKED', 'SURRENDERED', 'DENIED')",
            name=op.f("ck_certifications_status_known"),
        ),
        sa.CheckConstraint("to_date >= from_date", name=op.f("ck_certifications_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_certifications_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certifications")),
        sa.UniqueConstraint(
            "officer_id",
            "state_code",
            "type",
            "from_date",
            name="uq_certifications_once",
            postgresql_nulls_not_distinct=True,
        ),
        schema="registry",
    )
    op.create_index(
        op.f("ix_certifications_officer_id"), "certifications", ["officer_id"], unique=False, schema="registry"
    )
    op.create_index(
        "ix_certifications_state_code_officer_id",
        "certifications",
        ["state_code", "officer_id"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "identity_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_officer_id", sa.Uuid(), nullable=False),
        sa.Column("merged_officer_id", sa.Uuid(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("split_by", sa.Text(), nullable=True),
        sa.Column("split_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(split_by IS NULL) = (split_at IS NULL)", name=op.f("ck_identity_links_split_by_with_split_at")
        ),
        sa.CheckConstraint("kept_officer_id <> merged_officer_id", name=op.f("ck_identity_links_two_officers")),
        sa.ForeignKeyConstraint(
            ["kept_officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_identity_links_kept_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["merged_officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_identity_links_merged_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_links")),
        schema="registry",
    )
    op.create_table(
        "not_same_pins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_officer_id", sa.Uuid(), nullable=False),
        sa.Column("second_officer_id", sa.Uuid(), nullable=False),
        sa.Column("asserted_by", sa.Text(), nullable=False),
        sa.Column("asserted_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("first_officer_id < second_officer_id", name=op.f("ck_not_same_pins_ordered_pair")),
        sa.ForeignKeyConstraint(
            ["first_officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_not_same_pins_first_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["second_officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_not_same_pins_second_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_not_same_pins")),
        schema="registry",
    )
    op.create_index(
        "uq_not_same_pins_pair",
        "not_same_pins",
        ["first_officer_id", "second_officer_id"],
        unique=True,
        schema="registry",
    )
    op.create_table(
        "officer_identifiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("value_token", sa.LargeBinary(), nullable=True),
        sa.Column("token_key_version", sa.Integer(), nullable=True),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "CASE WHEN kind = 'SSN_TOKEN' THEN value IS NULL AND octet_length(value_token) = 32 AND token_key_version IS NOT NULL ELSE value IS NOT NULL AND value_token IS NULL END",
            name=op.f("ck_officer_identifiers_token_or_value"),
        ),
        sa.CheckConstraint(
            "kind IN ('POST_LICENSE', 'STATE_OFFICER_ID', 'BADGE', 'SSN_TOKEN', 'EMPLOYEE_NO')",
            name=op.f("ck_officer_identifiers_kind_known"),
        ),
        sa.CheckConstraint(
            "(verified_by IS NULL) = (verified_at IS NULL)",
            name=op.f("ck_officer_identifiers_verified_by_with_verified_at"),
        ),
        sa.CheckConstraint("to_date >= from_date", name=op.f("ck_officer_identifiers_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_officer_identifiers_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_identifiers")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_officer_identifiers_officer_id"),
        "officer_identifiers",
        ["officer_id"],
        unique=False,
        schema="registry",
    )
    op.create_index(
        "uq_officer_identifiers_state_number",
        "officer_identifiers",
        ["kind", "issuer", "value"],
        unique=True,
        schema="registry",
        postgresql_where="kind IN ('POST_LICENSE', 'STATE_OFFICER_ID')",
    )
    op.create_table(
        "officer_names",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("middle_name", sa.Text(), nullable=True),
        sa.Column("name_suffix", sa.Text(), nullable=True),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('LEGAL', 'ALIAS', 'FORMER')", name=op.f("ck_officer_names_kind_known")),
        sa.CheckConstraint("to_date >= from_date", name=op.f("ck_officer_names_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_officer_names_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_names")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_officer_names_officer_id"), "officer_names", ["officer_id"], unique=False, schema="registry"
    )
    op.create_table(
        "review_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parked_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(resolved_by IS NULL) = (resolved_at IS NULL)", name=op.f("ck_review_items_resolved_by_with_resolved_at")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["registry.import_batches.id"], name=op.f("fk_review_items_batch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_items")),
        sa.UniqueConstraint("source", "record_key", "reason", name=op.f("uq_review_items_source_record_key_reason")),
        schema="registry",
    )
    op.create_table(
        "source_records",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("record_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "octet_length(record_key) = 32 AND octet_length(content_sha256) = 32",
            name=op.f("ck_source_records_digest_form"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["registry.import_batches.id"], name=op.f("fk_source_records_batch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("source", "target", "record_key", name=op.f("pk_source_records")),
        schema="registry",
    )
    op.create_index("ix_source_records_target_id", "source_records", ["target_id"], unique=False, schema="registry")
    op.create_table(
        "cells",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("dimensions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("interval_low", sa.Numeric(), nullable=True),
        sa.Column("interval_high", sa.Numeric(), nullable=True),
        sa.Column("reliability", sa.Text(), nullable=False),
        sa.CheckConstraint("interval_low <= interval_high", name=op.f("ck_cells_interval_ordered")),
        sa.ForeignKeyConstraint(["release_id"], ["release.releases.id"], name=op.f("fk_cells_release_id")),
        sa.PrimaryKeyConstraint("release_id", "table_name", "cell", name=op.f("pk_cells")),
        schema="release",
    )
    op.create_table(
        "agency_credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("policy_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_agency_credentials_overlap",
        ),
        sa.CheckConstraint(
            "basis IN ('BODY_REVIEW', 'PRIOR_36_MONTH_DETERMINATION', 'HEAD_AFFIRMATION')",
            name=op.f("ck_agency_credentials_basis_known"),
        ),
        sa.CheckConstraint(
            "status IN ('NONE', 'SOUGHT', 'IN_PROCESS', 'CERTIFIED', 'RE_REVIEW_DUE', 'EXPIRED', 'DENIED', 'REVOKED', 'EXEMPT_TRIBAL')",
            name=op.f("ck_agency_credentials_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_agency_credentials_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["body_id"],
            ["registry.credentialing_bodies.id"],
            name=op.f("fk_agency_credentials_body_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_credentials")),
        schema="registry",
    )
    op.create_table(
        "agency_enrollments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("certifying_official", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("last_attestation", sa.Date(), nullable=True),
        sa.Column("renewal_due", sa.Date(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.column("role"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_agency_enrollments_overlap",
        ),
        sa.CheckConstraint(
            "role IN ('SUBMITTER', 'QUERIER', 'MONITOR')", name=op.f("ck_agency_enrollments_role_known")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_agency_enrollments_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_enrollments")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_agency_enrollments_agency_id"), "agency_enrollments", ["agency_id"], unique=False, schema="registry"
    )
    op.create_table(
        "agency_oris",
        sa.Column("ori", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ori ~ '^[A-Z]{2}[A-Z0-9]{7}$'", name=op.f("ck_agency_oris_ori_form")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_agency_oris_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("ori", name=op.f("pk_agency_oris")),
        schema="registry",
    )
    op.create_index(op.f("ix_agency_oris_agency_id"), "agency_oris", ["agency_id"], unique=False, schema="registry")
    op.create_table(
        "attestations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("history_digest", sa.Text(), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("attested_by", sa.Text(), nullable=False),
        sa.Column("attested_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_attestations_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestations")),
        schema="registry",
    )
    op.create_index(op.f("ix_attestations_agency_id"), "attestations", ["agency_id"], unique=False, schema="registry")
    op.create_table(
        "authorized_agents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_authorized_agents_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorized_agents")),
        schema="registry",
    )
    op.create_table(
        "co_responder_programs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "model IN ('CIT', 'CO_RESPONDER', 'CLINICIAN_ONLY_MOBILE_CRISIS', 'SPECIALISED_POLICE', 'DISPATCH_EMBEDDED', 'CRISIS_CENTRE', 'FOLLOW_UP_CASE_MANAGEMENT', 'OUTREACH')",
            name=op.f("ck_co_responder_programs_model_known"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["registry.agencies.id"],
            name=op.f("fk_co_responder_programs_agency_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_responder_programs")),
        sa.UniqueConstraint("agency_id", "model", "valid", name=op.f("uq_co_responder_programs_agency_id_model_valid")),
        schema="registry",
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('hiring', 'monitoring')", name=op.f("ck_consents_purpose_known")),
        sa.CheckConstraint("scope IN ('LIMITED', 'FULL')", name=op.f("ck_consents_scope_known")),
        sa.CheckConstraint("expires_at > granted_at", name=op.f("ck_consents_expires_after_grant")),
        sa.CheckConstraint("uses_left >= 0", name=op.f("ck_consents_uses_left_not_negative")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_consents_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_consents_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        schema="registry",
    )
    op.create_index(op.f("ix_consents_officer_id"), "consents", ["officer_id"], unique=False, schema="registry")
    op.create_table(
        "grant_eligibilities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "result IN ('ELIGIBLE', 'PROVISIONAL', 'NOT_ELIGIBLE', 'EXEMPT')",
            name=op.f("ck_grant_eligibilities_result_known"),
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_grant_eligibilities_decided_by_with_decided_at"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_grant_eligibilities_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_eligibilities")),
        schema="registry",
    )
    op.create_index(
        "ix_grant_eligibilities_agency_id_as_of",
        "grant_eligibilities",
        ["agency_id", "as_of"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("case_number", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("account"), "="),
            (sa.column("role"), "="),
            (sa.text("coalesce(agency_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
            (sa.text("coalesce(state_code, '')"), "="),
            (sa.text("coalesce(officer_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_grants_overlap",
        ),
        sa.CheckConstraint(
            "CASE WHEN role IN ('hiring_investigator', 'records_officer', 'agency_head', 'credentialing_body') THEN agency_id IS NOT NULL OR role = 'credentialing_body' WHEN role = 'post_officer' THEN state_code IS NOT NULL WHEN role IN ('officer', 'officer_rep') THEN officer_id IS NOT NULL ELSE true END",
            name=op.f("ck_grants_scope_of_role"),
        ),
        sa.CheckConstraint("role <> 'public'", name=op.f("ck_grants_public_needs_no_grant")),
        sa.CheckConstraint(
            "role IN ('public', 'officer', 'officer_rep', 'hiring_investigator', 'records_officer', 'agency_head', 'post_officer', 'doj_analyst', 'doj_grants', 'doj_adjudicator', 'doj_certifier', 'registrar', 'credentialing_body', 'auditor')",
            name=op.f("ck_grants_role_known"),
        ),
        sa.CheckConstraint(
            "(revoked_by IS NULL) = (revoked_at IS NULL)", name=op.f("ck_grants_revoked_by_with_revoked_at")
        ),
        sa.CheckConstraint("granted_by <> account", name=op.f("ck_grants_not_to_oneself")),
        sa.CheckConstraint("length(account) BETWEEN 1 AND 200", name=op.f("ck_grants_account_length")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_grants_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_grants_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        schema="registry",
    )
    op.create_index("ix_grants_account_role", "grants", ["account", "role"], unique=False, schema="registry")
    op.create_index(op.f("ix_grants_agency_id"), "grants", ["agency_id"], unique=False, schema="registry")
    op.create_index(op.f("ix_grants_officer_id"), "grants", ["officer_id"], unique=False, schema="registry")
    op.create_table(
        "matters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("court", sa.Text(), nullable=True),
        sa.Column("case_number", sa.Text(), nullable=True),
        sa.Column("force_related", sa.Boolean(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("notice_served_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("closed_on IS NULL OR status = 'CLOSED'", name=op.f("ck_matters_closed_on_when_closed")),
        sa.CheckConstraint(
            "disposition IN ('SUSTAINED', 'NOT_SUSTAINED', 'UNFOUNDED', 'EXONERATED', 'WITHDRAWN', 'ADMIN_CLOSED')",
            name=op.f("ck_matters_disposition_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('INTERNAL_INVESTIGATION', 'CERTIFICATION_PROCEEDING', 'CRIMINAL_PROSECUTION', 'CIVIL_SUIT')",
            name=op.f("ck_matters_kind_known"),
        ),
        sa.CheckConstraint("status IN ('OPEN', 'CLOSED')", name=op.f("ck_matters_status_known")),
        sa.CheckConstraint("agency_id IS NOT NULL OR court IS NOT NULL", name=op.f("ck_matters_agency_or_court")),
        sa.CheckConstraint("closed_on >= opened_on", name=op.f("ck_matters_closes_after_opening")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_matters_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matters")),
        schema="registry",
    )
    op.create_index(op.f("ix_matters_agency_id"), "matters", ["agency_id"], unique=False, schema="registry")
    op.create_table(
        "period_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("report_count", sa.Integer(), nullable=False),
        sa.Column("is_zero", sa.Boolean(), sa.Computed("report_count = 0", persisted=True), nullable=False),
        sa.Column("certified_by", sa.Text(), nullable=True),
        sa.Column("certified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="), (sa.column("period"), "&&"), using="gist", name="ex_period_reports_overlap"
        ),
        sa.CheckConstraint(
            "(certified_by IS NULL) = (certified_at IS NULL)",
            name=op.f("ck_period_reports_certified_by_with_certified_at"),
        ),
        sa.CheckConstraint("report_count >= 0", name=op.f("ck_period_reports_report_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_period_reports_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_reports")),
        schema="registry",
    )
    op.create_table(
        "stints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=True),
        sa.Column("to_date", sa.Date(), nullable=True),
        sa.Column("appointment_type", sa.Text(), nullable=True),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("separation_reason", sa.Text(), nullable=True),
        sa.Column("separation_asserted_by", sa.Uuid(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "separation_reason IN ('VOLUNTARY_NO_MISCONDUCT', 'RETIRED_NO_MISCONDUCT', 'RESIGNED_UNDER_INVESTIGATION', 'RETIRED_UNDER_INVESTIGATION', 'RESIGNED_IN_LIEU', 'RETIRED_IN_LIEU', 'TERMINATED_FOR_CAUSE', 'TERMINATED_UNSPECIFIED', 'TERMINATED_OTHER', 'MEDICAL', 'DECEASED', 'TERM_ENDED', 'TRANSFER', 'LEGACY_UNSPECIFIED')",
            name=op.f("ck_stints_separation_reason_known"),
        ),
        sa.CheckConstraint(
            "NOT (is_current AND separation_reason IS NOT NULL)", name=op.f("ck_stints_current_has_no_separation")
        ),
        sa.CheckConstraint("NOT (is_current AND to_date IS NOT NULL)", name=op.f("ck_stints_current_has_no_end")),
        sa.CheckConstraint("to_date >= from_date", name=op.f("ck_stints_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_stints_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_stints_officer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["separation_asserted_by"],
            ["registry.agencies.id"],
            name=op.f("fk_stints_separation_asserted_by"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stints")),
        schema="registry",
    )
    op.create_index(
        "ix_stints_agency_id_officer_id", "stints", ["agency_id", "officer_id"], unique=False, schema="registry"
    )
    op.create_index(op.f("ix_stints_officer_id"), "stints", ["officer_id"], unique=False, schema="registry")
    op.create_table(
        "survey_responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("models", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_survey_responses_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["registry.support_model_surveys.id"],
            name=op.f("fk_survey_responses_survey_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_responses")),
        sa.UniqueConstraint("survey_id", "agency_id", name=op.f("uq_survey_responses_survey_id_agency_id")),
        schema="registry",
    )
    op.create_table(
        "training_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("officers_trained", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "topic IN ('MENTAL_HEALTH', 'HOMELESSNESS', 'ADDICTION', 'DE_ESCALATION')",
            name=op.f("ck_training_records_topic_known"),
        ),
        sa.CheckConstraint("officers_trained >= 0", name=op.f("ck_training_records_officers_trained_not_negative")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_training_records_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_records")),
        sa.UniqueConstraint("agency_id", "topic", "period", name=op.f("uq_training_records_agency_id_topic_period")),
        schema="registry",
    )
    op.create_table(
        "candidate_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("match_result", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(match_result = 'MATCH') = (officer_id IS NOT NULL)", name=op.f("ck_candidate_checks_match_names_officer")
        ),
        sa.CheckConstraint("kind IN ('LIMITED', 'FULL')", name=op.f("ck_candidate_checks_kind_known")),
        sa.CheckConstraint(
            "match_result IN ('MATCH', 'POSSIBLE', 'INSUFFICIENT', 'NO_RECORD', 'MANUAL_REVIEW', 'CONFLICT')",
            name=op.f("ck_candidate_checks_match_result_known"),
        ),
        sa.CheckConstraint("reason IN ('HIRE', 'ASSIGN', 'PROMOTE')", name=op.f("ck_candidate_checks_reason_known")),
        sa.CheckConstraint("expires_at > opened_at", name=op.f("ck_candidate_checks_expires_after_opening")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_candidate_checks_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["registry.consents.id"], name=op.f("fk_candidate_checks_consent_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_candidate_checks_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_checks")),
        schema="registry",
    )
    op.create_index(
        "ix_candidate_checks_agency_id_officer_id",
        "candidate_checks",
        ["agency_id", "officer_id"],
        unique=False,
        schema="registry",
    )
    op.create_index(
        "ix_candidate_checks_agency_id_opened_at",
        "candidate_checks",
        ["agency_id", "opened_at"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "evidence_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("document_kind", sa.Text(), nullable=False),
        sa.Column("custodian", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("redacted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "document_kind IN ('NOTICE', 'PROOF_OF_SERVICE', 'HEARING_RECORD', 'WAIVER', 'DECISION', 'ORDER', 'APPEAL_NOTICE', 'COURT_JUDGMENT', 'CLOSING_MEMO', 'OPENING_ORDER', 'STATUTE_CERTIFICATION', 'SURRENDER')",
            name=op.f("ck_evidence_items_document_kind_known"),
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_evidence_items_digest_form")),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["registry.matters.id"], name=op.f("fk_evidence_items_matter_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_items")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_evidence_items_matter_id"), "evidence_items", ["matter_id"], unique=False, schema="registry"
    )
    op.create_table(
        "monitor_subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("stint_id", sa.Uuid(), nullable=True),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("renewal_due", sa.Date(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.column("officer_id"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_monitor_subscriptions_overlap",
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["registry.agencies.id"],
            name=op.f("fk_monitor_subscriptions_agency_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"],
            ["registry.officers.id"],
            name=op.f("fk_monitor_subscriptions_officer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["stint_id"], ["registry.stints.id"], name=op.f("fk_monitor_subscriptions_stint_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_subscriptions")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_monitor_subscriptions_officer_id"),
        "monitor_subscriptions",
        ["officer_id"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "outcome_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("analyst_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lifecycle", sa.Text(), nullable=False),
        sa.Column("finality", sa.Text(), nullable=False),
        sa.Column("dispute", sa.Text(), server_default="NONE", nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("current_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("notice_served_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("respond_by", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cleared_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(lifecycle = 'VOIDED') <= (void_reason IS NOT NULL)", name=op.f("ck_outcome_series_void_has_reason")
        ),
        sa.CheckConstraint(
            "dispute IN ('NONE', 'DISPUTED', 'ELEVATED', 'DECIDED')", name=op.f("ck_outcome_series_dispute_known")
        ),
        sa.CheckConstraint(
            "finality IN ('NON_FINAL', 'APPEAL_WINDOW', 'APPEAL_PENDING', 'FINAL', 'OVERTURNED')",
            name=op.f("ck_outcome_series_finality_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('EXCESSIVE_FORCE_FINDING', 'TERMINATION', 'DECERTIFICATION', 'CONVICTION_ON_DUTY', 'CIVIL_JUDGMENT_FORCE', 'SEPARATION_UNDER_FORCE_INVESTIGATION', 'AUTHORITY_SUSPENDED', 'SERIOUS_MISCONDUCT_SUSTAINED', 'COMMENDATION')",
            name=op.f("ck_outcome_series_kind_known"),
        ),
        sa.CheckConstraint(
            "lifecycle <> 'CLEARED' OR cleared_at IS NOT NULL", name=op.f("ck_outcome_series_cleared_has_time")
        ),
        sa.CheckConstraint(
            "lifecycle <> 'NOTICE' OR (notice_served_at IS NULL) = (respond_by IS NULL)",
            name=op.f("ck_outcome_series_notice_has_term"),
        ),
        sa.CheckConstraint(
            "lifecycle IN ('DRAFT', 'SUBMITTED', 'AWAITING_EVIDENCE', 'PROCESS_REVIEW', 'NOTICE', 'CLEARED', 'REJECTED', 'WITHDRAWN', 'VOIDED', 'EXPUNGED', 'EXPIRED')",
            name=op.f("ck_outcome_series_lifecycle_known"),
        ),
        sa.CheckConstraint(
            "void_reason IN ('SUBMITTED_IN_ERROR', 'NOT_REPORTABLE', 'OVERTURNED', 'FAIR_PROCESS_NOT_AFFORDED', 'NOT_THE_PERSON', 'DUPLICATE', 'SEALED_OR_EXPUNGED', 'INVESTIGATION_CLOSED_NO_FINDING', 'SUPERSEDED_BY_FINDING')",
            name=op.f("ck_outcome_series_void_reason_known"),
        ),
        sa.CheckConstraint("current_version >= 1", name=op.f("ck_outcome_series_version_positive")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_outcome_series_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["registry.matters.id"], name=op.f("fk_outcome_series_matter_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_outcome_series_officer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_series")),
        sa.UniqueConstraint("analyst_id", name=op.f("uq_outcome_series_analyst_id")),
        schema="registry",
    )
    op.create_index(
        "ix_outcome_series_agency_id_id", "outcome_series", ["agency_id", "id"], unique=False, schema="registry"
    )
    op.create_index(
        op.f("ix_outcome_series_matter_id"), "outcome_series", ["matter_id"], unique=False, schema="registry"
    )
    op.create_index(
        "ix_outcome_series_officer_id_lifecycle",
        "outcome_series",
        ["officer_id", "lifecycle"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "policy_tests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("clause_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("result IN ('PASSED', 'FAILED', 'NOT_REVIEWED')", name=op.f("ck_policy_tests_result_known")),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["registry.agency_credentials.id"],
            name=op.f("fk_policy_tests_credential_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_tests")),
        sa.UniqueConstraint("credential_id", "test", name=op.f("uq_policy_tests_credential_id_test")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_policy_tests_credential_id"), "policy_tests", ["credential_id"], unique=False, schema="registry"
    )
    op.create_table(
        "case_assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("series_id"), "="),
            (sa.column("account"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_case_assignments_overlap",
        ),
        sa.CheckConstraint(
            "role IN ('post_officer', 'doj_adjudicator')", name=op.f("ck_case_assignments_role_may_judge")
        ),
        sa.CheckConstraint("assigned_by <> account", name=op.f("ck_case_assignments_not_to_oneself")),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_case_assignments_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_assignments")),
        schema="registry",
    )
    op.create_index("ix_case_assignments_account", "case_assignments", ["account"], unique=False, schema="registry")
    op.create_index(
        op.f("ix_case_assignments_series_id"), "case_assignments", ["series_id"], unique=False, schema="registry"
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("reporter_response_due", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reporter_answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("elevated_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('FACTUAL', 'NOT_REPORTABLE', 'INELIGIBLE_REPORTER', 'NOT_ME', 'NO_FAIR_PROCESS', 'OVERTURNED', 'SEALED', 'DUPLICATE', 'EXPIRED')",
            name=op.f("ck_disputes_ground_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('UPHELD', 'CORRECT_ORDERED', 'VOID_ORDERED', 'RETURNED_TO_PENDING', 'OUT_OF_SCOPE', 'WITHDRAWN')",
            name=op.f("ck_disputes_outcome_known"),
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name=op.f("ck_disputes_decided_has_outcome")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_disputes_decided_by_with_decided_at")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["registry.outcome_series.id"], name=op.f("fk_disputes_series_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        schema="registry",
    )
    op.create_index(op.f("ix_disputes_series_id"), "disputes", ["series_id"], unique=False, schema="registry")
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True),
        sa.Column("order_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("series_id"), "="),
            (sa.column("kind"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="ex_holds_overlap",
        ),
        sa.CheckConstraint(
            "kind IN ('STAY', 'SEAL_ORDER', 'COURT_ORDER', 'ACTIVE_CRIMINAL_CASE', 'SUNSET')",
            name=op.f("ck_holds_kind_known"),
        ),
        sa.CheckConstraint(
            "(released_by IS NULL) = (released_at IS NULL)", name=op.f("ck_holds_released_by_with_released_at")
        ),
        sa.CheckConstraint("octet_length(order_sha256) = 32", name=op.f("ck_holds_order_digest_form")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["registry.outcome_series.id"], name=op.f("fk_holds_series_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        schema="registry",
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(agency_id, officer_id, state_code) = 1", name=op.f("ck_notices_one_recipient")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["registry.agencies.id"], name=op.f("fk_notices_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["registry.officers.id"], name=op.f("fk_notices_officer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["registry.outcome_series.id"], name=op.f("fk_notices_series_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "agency_id",
            "officer_id",
            "state_code",
            "series_id",
            "version",
            "cause",
            name="uq_notices_once",
            postgresql_nulls_not_distinct=True,
        ),
        schema="registry",
    )
    op.create_index(op.f("ix_notices_agency_id"), "notices", ["agency_id"], unique=False, schema="registry")
    op.create_index(op.f("ix_notices_officer_id"), "notices", ["officer_id"], unique=False, schema="registry")
    op.create_table(
        "officer_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("screened_by", sa.Text(), nullable=True),
        sa.Column("screened_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("recorded", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("series_id"), "="),
            (sa.column("recorded"), "&&"),
            using="gist",
            name="ex_officer_statements_overlap",
        ),
        sa.CheckConstraint(
            "(screened_by IS NULL) = (screened_at IS NULL)",
            name=op.f("ck_officer_statements_screened_by_with_screened_at"),
        ),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 4000", name=op.f("ck_officer_statements_body_length")),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_officer_statements_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_statements")),
        sa.UniqueConstraint("series_id", "version", name=op.f("uq_officer_statements_series_id_version")),
        schema="registry",
    )
    op.create_table(
        "outcome_statuses",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("recorded", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("lifecycle", sa.Text(), nullable=False),
        sa.Column("finality", sa.Text(), nullable=False),
        sa.Column("dispute", sa.Text(), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("series_id"), "="),
            (sa.column("recorded"), "&&"),
            using="gist",
            name="ex_outcome_statuses_overlap",
        ),
        sa.CheckConstraint(
            "dispute IN ('NONE', 'DISPUTED', 'ELEVATED', 'DECIDED')", name=op.f("ck_outcome_statuses_dispute_known")
        ),
        sa.CheckConstraint(
            "finality IN ('NON_FINAL', 'APPEAL_WINDOW', 'APPEAL_PENDING', 'FINAL', 'OVERTURNED')",
            name=op.f("ck_outcome_statuses_finality_known"),
        ),
        sa.CheckConstraint(
            "lifecycle IN ('DRAFT', 'SUBMITTED', 'AWAITING_EVIDENCE', 'PROCESS_REVIEW', 'NOTICE', 'CLEARED', 'REJECTED', 'WITHDRAWN', 'VOIDED', 'EXPUNGED', 'EXPIRED')",
            name=op.f("ck_outcome_statuses_lifecycle_known"),
        ),
        sa.CheckConstraint("NOT isempty(recorded)", name=op.f("ck_outcome_statuses_recorded_not_empty")),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_outcome_statuses_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("series_id", "recorded", name=op.f("pk_outcome_statuses")),
        schema="registry",
    )
    op.create_table(
        "outcome_versions",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report_type", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.Integer(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.Column("recorded", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("content_commitment", sa.LargeBinary(), nullable=False),
        sa.Column("certified_by", sa.Text(), nullable=True),
        sa.Column("certified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("series_id"), "="),
            (sa.column("recorded"), "&&"),
            using="gist",
            name="ex_outcome_versions_overlap",
        ),
        sa.CheckConstraint(
            "report_type IN ('INITIAL', 'CORRECTION', 'REVISION', 'VOID', 'NOTICE_OF_APPEAL')",
            name=op.f("ck_outcome_versions_report_type_known"),
        ),
        sa.CheckConstraint(
            "(certified_by IS NULL) = (certified_at IS NULL)",
            name=op.f("ck_outcome_versions_certified_by_with_certified_at"),
        ),
        sa.CheckConstraint("NOT isempty(recorded)", name=op.f("ck_outcome_versions_recorded_not_empty")),
        sa.CheckConstraint("octet_length(content_commitment) = 32", name=op.f("ck_outcome_versions_commitment_form")),
        sa.CheckConstraint("supersedes < version", name=op.f("ck_outcome_versions_supersedes_before")),
        sa.CheckConstraint(
            "version >= 1 AND (version = 1) = (supersedes IS NULL)",
            name=op.f("ck_outcome_versions_supersedes_an_earlier"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id", "supersedes"],
            ["registry.outcome_versions.series_id", "registry.outcome_versions.version"],
            name=op.f("fk_outcome_versions_series_id_supersedes"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_outcome_versions_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("series_id", "version", name=op.f("pk_outcome_versions")),
        schema="registry",
    )
    op.create_table(
        "process_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("matter_id", sa.Uuid(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("by_office", sa.Text(), nullable=True),
        sa.Column("waived", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("certified_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "element IN ('NOTICE_OF_CHARGE', 'ACCESS_TO_MATERIAL', 'OPPORTUNITY_TO_RESPOND', 'REPRESENTATION', 'NEUTRAL_DECISION_MAKER', 'WRITTEN_DECISION', 'NOTICE_OF_APPEAL_RIGHT', 'FINALITY', 'REGISTRY_NOTICE', 'NAME_CLEARING', 'COURT_RECORD')",
            name=op.f("ck_process_steps_element_known"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["registry.evidence_items.id"],
            name=op.f("fk_process_steps_evidence_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["registry.matters.id"], name=op.f("fk_process_steps_matter_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_steps")),
        schema="registry",
    )
    op.create_index(
        "ix_process_steps_matter_id_element", "process_steps", ["matter_id", "element"], unique=False, schema="registry"
    )
    op.create_table(
        "series_links",
        sa.Column("from_series_id", sa.Uuid(), nullable=False),
        sa.Column("to_series_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("linked_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("from_series_id <> to_series_id", name=op.f("ck_series_links_two_series")),
        sa.ForeignKeyConstraint(
            ["from_series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_series_links_from_series_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["to_series_id"],
            ["registry.outcome_series.id"],
            name=op.f("fk_series_links_to_series_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("from_series_id", "to_series_id", name=op.f("pk_series_links")),
        schema="registry",
    )
    op.create_table(
        "determinations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rule_pack", sa.Text(), nullable=False),
        sa.Column("rule_pack_version", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(result = 'SATISFIED') = (cardinality(missing) = 0)",
            name=op.f("ck_determinations_satisfied_misses_nothing"),
        ),
        sa.CheckConstraint(
            "missing <@ ARRAY['NOTICE_OF_CHARGE', 'ACCESS_TO_MATERIAL', 'OPPORTUNITY_TO_RESPOND', 'REPRESENTATION', 'NEUTRAL_DECISION_MAKER', 'WRITTEN_DECISION', 'NOTICE_OF_APPEAL_RIGHT', 'FINALITY', 'REGISTRY_NOTICE', 'NAME_CLEARING', 'COURT_RECORD']::text[]",
            name=op.f("ck_determinations_missing_known"),
        ),
        sa.CheckConstraint("result IN ('SATISFIED', 'NOT_SATISFIED')", name=op.f("ck_determinations_result_known")),
        sa.ForeignKeyConstraint(
            ["series_id", "version"],
            ["registry.outcome_versions.series_id", "registry.outcome_versions.version"],
            name=op.f("fk_determinations_series_id_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_determinations")),
        schema="registry",
    )
    op.create_index(
        "ix_determinations_series_id_version",
        "determinations",
        ["series_id", "version"],
        unique=False,
        schema="registry",
    )
    op.create_table(
        "outcome_contents",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("commitment_salt", sa.LargeBinary(), nullable=False),
        sa.Column("action_date", sa.Date(), nullable=False),
        sa.Column("basis", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("force_related", sa.Boolean(), nullable=False),
        sa.Column("force_types", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=True),
        sa.Column("recommended_finding", sa.Text(), nullable=True),
        sa.Column("final_finding", sa.Text(), nullable=True),
        sa.Column("standard_of_proof", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("conviction_basis", sa.Text(), nullable=True),
        sa.Column("civil_basis", sa.Text(), nullable=True),
        sa.Column("court", sa.Text(), nullable=True),
        sa.Column("court_case_number", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "basis <@ ARRAY['DISHONESTY', 'ABUSE_OF_POWER', 'PHYSICAL_ABUSE_EXCESSIVE_FORCE', 'SEXUAL_ASSAULT', 'DEMONSTRATED_BIAS', 'EGREGIOUS_OR_REPEATED_VIOLATIONS', 'LAW_ENFORCEMENT_GANG', 'FAILURE_TO_COOPERATE', 'FAILURE_TO_INTERCEDE']::text[]",
            name=op.f("ck_outcome_contents_basis_known"),
        ),
        sa.CheckConstraint(
            "civil_basis IN ('VERDICT', 'BENCH_JUDGMENT', 'SUMMARY_JUDGMENT', 'DEFAULT', 'CONSENT_WITH_ADMISSION')",
            name=op.f("ck_outcome_contents_civil_basis_known"),
        ),
        sa.CheckConstraint(
            "conviction_basis IN ('JURY_VERDICT', 'BENCH_VERDICT', 'GUILTY_PLEA', 'NOLO_ACCEPTED')",
            name=op.f("ck_outcome_contents_conviction_basis_known"),
        ),
        sa.CheckConstraint(
            "final_finding IN ('SUSTAINED', 'NOT_SUSTAINED', 'UNFOUNDED', 'EXONERATED', 'WITHDRAWN', 'ADMIN_CLOSED')",
            name=op.f("ck_outcome_contents_final_finding_known"),
        ),
        sa.CheckConstraint(
            "recommended_finding IN ('SUSTAINED', 'NOT_SUSTAINED', 'UNFOUNDED', 'EXONERATED', 'WITHDRAWN', 'ADMIN_CLOSED')",
            name=op.f("ck_outcome_contents_recommended_finding_known"),
        ),
        sa.CheckConstraint(
            "standard_of_proof IN ('PREPONDERANCE', 'CLEAR_AND_CONVINCING', 'BEYOND_REASONABLE_DOUBT', 'PLEA', 'OTHER')",
            name=op.f("ck_outcome_contents_standard_of_proof_known"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id", "version"],
            ["registry.outcome_versions.series_id", "registry.outcome_versions.version"],
            name=op.f("fk_outcome_contents_series_id_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("series_id", "version", name=op.f("pk_outcome_contents")),
        schema="registry",
    )
    op.create_table(
        "reliance_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.Text(), nullable=False),
        sa.Column("chain_position", sa.Integer(), nullable=False),
        sa.Column("required_action", sa.Text(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "required_action IN ('ACKNOWLEDGE', 'RE_DECIDE', 'DESTROY_COPY')",
            name=op.f("ck_reliance_tasks_action_known"),
        ),
        sa.CheckConstraint(
            "(done_by IS NULL) = (done_at IS NULL)", name=op.f("ck_reliance_tasks_done_by_with_done_at")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["registry.notices.id"], name=op.f("fk_reliance_tasks_notice_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reliance_tasks")),
        schema="registry",
    )
    op.create_index(
        op.f("ix_reliance_tasks_notice_id"), "reliance_tasks", ["notice_id"], unique=False, schema="registry"
    )
    op.create_table(
        "determination_elements",
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "element IN ('NOTICE_OF_CHARGE', 'ACCESS_TO_MATERIAL', 'OPPORTUNITY_TO_RESPOND', 'REPRESENTATION', 'NEUTRAL_DECISION_MAKER', 'WRITTEN_DECISION', 'NOTICE_OF_APPEAL_RIGHT', 'FINALITY', 'REGISTRY_NOTICE', 'NAME_CLEARING', 'COURT_RECORD')",
            name=op.f("ck_determination_elements_element_known"),
        ),
        sa.ForeignKeyConstraint(
            ["determination_id"],
            ["registry.determinations.id"],
            name=op.f("fk_determination_elements_determination_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["registry.evidence_items.id"],
            name=op.f("fk_determination_elements_evidence_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("determination_id", "element", name=op.f("pk_determination_elements")),
        schema="registry",
    )


def downgrade() -> None:
    """Drop the schemas with all that is in them."""
    for schema in reversed(SCHEMAS):
        op.execute(f"DROP SCHEMA {schema} CASCADE")

-- The whole matrix of tables and database roles: what is not granted here is granted nowhere.
-- The part between the two marks is written by `probity db grants`, from the policy and the schema; a test compares.

REVOKE ALL ON ALL TABLES IN SCHEMA registry, release, matching, audit, gate FROM
    probity_public, probity_agency, probity_post, probity_officer, probity_doj,
    probity_command, probity_ledger, probity_matcher, probity_importer, probity_releaser;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA registry, gate FROM
    probity_public, probity_agency, probity_post, probity_officer, probity_doj,
    probity_command, probity_ledger, probity_matcher, probity_importer, probity_releaser;
REVOKE ALL ON SCHEMA registry, release, matching, audit, gate FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- The public: frozen releases and public facts, in one schema.
GRANT USAGE ON SCHEMA release TO probity_public;
GRANT SELECT ON release.jurisdictions, release.agencies, release.agency_oris TO probity_public;
GRANT SELECT ON release.releases, release.cells, release.privacy_ledger TO probity_public;

-- Readers: the gate's functions, the public facts, and the columns of their roles' plans.
GRANT USAGE ON SCHEMA registry, gate TO probity_agency, probity_post, probity_officer, probity_doj;
GRANT USAGE ON SCHEMA audit TO probity_officer;
GRANT SELECT ON registry.agency_oris TO probity_agency, probity_post, probity_officer, probity_doj;
GRANT EXECUTE ON FUNCTION gate.read_context(), gate.read_installation(),
    gate.find_grant(text, text, text, text, uuid, timestamptz)
    TO probity_agency, probity_post, probity_officer, probity_doj;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz), gate.officer_listing(uuid, timestamptz)
    TO probity_agency, probity_post, probity_officer, probity_doj;
GRANT EXECUTE ON FUNCTION gate.full_candidates(), gate.limited_candidates(), gate.serves_agency(uuid, uuid),
    gate.is_employed(uuid, uuid), gate.officers_serving(), gate.officers_employed()
    TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.serves_in_state(uuid, text), gate.is_certified(uuid, text),
    gate.officers_serving_in_state(), gate.officers_certified(), gate.is_assigned(uuid, text, text, timestamptz)
    TO probity_post;
GRANT EXECUTE ON FUNCTION gate.is_disclosed_in(uuid, uuid), gate.disclosures_of_me() TO probity_officer;

-- begin: written by `probity db grants`
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_agency;
GRANT SELECT (agency_id, closed_at, expires_at, id, kind, officer_id, opened_at, reason)
    ON registry.candidate_checks TO probity_agency;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type)
    ON registry.certifications TO probity_agency;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_agency;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_agency;
GRANT SELECT (account, agency_id, granted_at, granted_by, id, revoked_at, revoked_by, role, valid)
    ON registry.grants TO probity_agency;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_agency;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_agency;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_agency;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_agency;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_agency;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_agency;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_agency;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_agency;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, id, kind, lifecycle, matter_id,
        notice_served_at, officer_id, respond_by, void_reason)
    ON registry.outcome_series TO probity_agency;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_agency;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_agency;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_agency;
GRANT SELECT (officer_id, ordinal, record_id, series_id, version) ON audit.items TO probity_officer;
GRANT SELECT (agency_id, at, id, kind, operation, purpose, role, state_code) ON audit.records TO probity_officer;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_officer;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type)
    ON registry.certifications TO probity_officer;
GRANT SELECT (agency_id, expires_at, granted_at, id, officer_id, purpose, revoked_at, scope, uses_left)
    ON registry.consents TO probity_officer;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_officer;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_officer;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_officer;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_officer;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_officer;
GRANT SELECT (cause, created_at, due_at, id, officer_id, series_id, version) ON registry.notices TO probity_officer;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_officer;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_officer;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_officer;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_officer;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_officer;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, id, kind, lifecycle, matter_id,
        notice_served_at, officer_id, respond_by, void_reason)
    ON registry.outcome_series TO probity_officer;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_officer;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_officer;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_officer;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_post;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type) ON registry.certifications TO probity_post;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_post;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_post;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_post;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_post;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_post;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_post;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_post;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_post;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_post;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, id, kind, lifecycle, matter_id,
        notice_served_at, officer_id, respond_by, void_reason)
    ON registry.outcome_series TO probity_post;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_post;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_post;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_post;
-- end: written by `probity db grants`

-- Commands: the rows that row security lets a command change, its key, and its audit record.
GRANT USAGE ON SCHEMA registry, audit, gate TO probity_command;
GRANT EXECUTE ON FUNCTION gate.read_context(), gate.read_installation(),
    gate.find_grant(text, text, text, text, uuid, timestamptz) TO probity_command;
GRANT SELECT, INSERT ON registry.grants TO probity_command;
GRANT UPDATE (valid, revoked_by, revoked_at) ON registry.grants TO probity_command;
GRANT SELECT, INSERT ON registry.command_keys TO probity_command;
GRANT INSERT ON audit.records, audit.items TO probity_command;
GRANT SELECT (chain_id, position, hash) ON audit.records TO probity_command;

-- The ledger: appends and reads its own chains.
GRANT USAGE ON SCHEMA audit TO probity_ledger;
GRANT SELECT, INSERT ON audit.records, audit.items TO probity_ledger;

-- The matcher: the only login that reads a birth date.
GRANT USAGE ON SCHEMA matching TO probity_matcher;
GRANT SELECT ON matching.birth_dates, matching.officer_keys, matching.verification_tags TO probity_matcher;

-- The releaser: builds releases from counts, in the release schema.
GRANT USAGE ON SCHEMA release TO probity_releaser;
GRANT SELECT, INSERT, UPDATE ON release.releases, release.privacy_ledger TO probity_releaser;
GRANT SELECT, INSERT ON release.cells TO probity_releaser;

-- What the importer may do: read and add what files tell of, change what a later file tells otherwise, and no more.
GRANT USAGE ON SCHEMA registry, matching TO probity_importer;
GRANT SELECT, INSERT ON registry.jurisdictions TO probity_importer;
GRANT SELECT, INSERT, UPDATE ON registry.agencies TO probity_importer;
GRANT SELECT, INSERT ON registry.agency_oris TO probity_importer;
GRANT SELECT, INSERT ON registry.officers, registry.officer_names, registry.officer_identifiers TO probity_importer;
GRANT SELECT, INSERT, UPDATE ON registry.stints TO probity_importer;
GRANT SELECT, INSERT, UPDATE ON registry.matters TO probity_importer;
GRANT SELECT, INSERT ON registry.process_steps, registry.evidence_items TO probity_importer;
GRANT SELECT, INSERT ON registry.outcome_series, registry.outcome_versions, registry.outcome_contents TO probity_importer;
GRANT UPDATE (current_version) ON registry.outcome_series TO probity_importer;
GRANT UPDATE (recorded) ON registry.outcome_versions TO probity_importer;
GRANT SELECT, INSERT, UPDATE ON registry.import_batches, registry.source_records TO probity_importer;
GRANT SELECT, INSERT ON registry.review_items TO probity_importer;
GRANT UPDATE (resolved_by, resolved_at) ON registry.review_items TO probity_importer;
-- It writes birth dates and cannot read one back.
GRANT INSERT ON matching.birth_dates TO probity_importer;
-- The audit record of an import belongs to its transaction.
GRANT USAGE ON SCHEMA audit TO probity_importer;
GRANT INSERT ON audit.records, audit.items TO probity_importer;
GRANT SELECT (chain_id, position, hash) ON audit.records TO probity_importer;

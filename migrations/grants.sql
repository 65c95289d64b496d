-- The whole matrix of tables and database roles: what is not granted here is granted nowhere.
-- The part between the two marks is written by `probity db grants`, from the policy and the schema; a test compares.

REVOKE ALL ON ALL TABLES IN SCHEMA registry, release, matching, audit, gate, counted FROM
    probity_public, probity_agency, probity_post, probity_officer, probity_doj,
    probity_analyst, probity_auditor, probity_registrar, probity_credentials,
    probity_command, probity_ledger, probity_matcher, probity_importer, probity_releaser;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA registry, gate FROM
    probity_public, probity_agency, probity_post, probity_officer, probity_doj,
    probity_analyst, probity_auditor, probity_registrar, probity_credentials,
    probity_command, probity_ledger, probity_matcher, probity_importer, probity_releaser;
REVOKE ALL ON SCHEMA registry, release, matching, audit, gate, counted FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- The public: frozen releases and public facts, in one schema.
GRANT USAGE ON SCHEMA release TO probity_public;
GRANT SELECT ON release.jurisdictions, release.agencies, release.agency_oris TO probity_public;
GRANT SELECT ON release.credentialing_bodies, release.agency_credentials TO probity_public;
GRANT SELECT ON release.releases, release.cells, release.privacy_ledger, release.served_policy TO probity_public;

-- Readers: the gate's functions, the public facts, and the columns of their roles' plans.
GRANT USAGE ON SCHEMA registry, gate TO
    probity_agency, probity_post, probity_officer, probity_doj,
    probity_analyst, probity_auditor, probity_registrar, probity_credentials;
GRANT USAGE ON SCHEMA audit TO probity_officer, probity_auditor;
GRANT SELECT ON registry.agency_oris TO
    probity_agency, probity_post, probity_officer, probity_doj,
    probity_analyst, probity_auditor, probity_registrar, probity_credentials;
GRANT EXECUTE ON FUNCTION gate.open_context(text), gate.read_context(), gate.read_installation(),
    gate.find_grant(text, text, text, text, uuid, timestamptz) TO
    probity_agency, probity_post, probity_officer, probity_doj,
    probity_analyst, probity_auditor, probity_registrar, probity_credentials;
-- For figures: the views that they are counted over, and which outcomes are held at all.
GRANT USAGE ON SCHEMA counted TO probity_analyst;
GRANT EXECUTE ON FUNCTION gate.outcomes_held(timestamptz), gate.outcomes_sealed(timestamptz) TO probity_analyst;
-- What else a login may ask of the gate, and which columns it reads, is written from the policy:
-- begin: written by `probity db grants`
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.is_employed(uuid, uuid) TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.listed_in_state_alone(uuid, text, timestamptz) TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.officer_listing(uuid, timestamptz) TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.officers_employed() TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.officers_serving() TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.serves_agency(uuid, uuid) TO probity_agency;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_analyst;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_auditor;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_doj;
GRANT EXECUTE ON FUNCTION gate.disclosures_of_me() TO probity_officer;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_officer;
GRANT EXECUTE ON FUNCTION gate.is_disclosed_in(uuid, uuid) TO probity_officer;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_post;
GRANT EXECUTE ON FUNCTION gate.is_certified(uuid, text) TO probity_post;
GRANT EXECUTE ON FUNCTION gate.officers_certified() TO probity_post;
GRANT EXECUTE ON FUNCTION gate.officers_serving_in_state() TO probity_post;
GRANT EXECUTE ON FUNCTION gate.serves_in_state(uuid, text) TO probity_post;
GRANT EXECUTE ON FUNCTION gate.hold_on(uuid, timestamptz) TO probity_registrar;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_agency;
GRANT SELECT (agency_id, basis, body_id, id, policy_sha256, status, valid)
    ON registry.agency_credentials TO probity_agency;
GRANT SELECT (agency_id, id, last_attestation, renewal_due, role, valid)
    ON registry.agency_enrollments TO probity_agency;
GRANT SELECT (agency_id, answer, attested_at, id, period) ON registry.attestations TO probity_agency;
GRANT SELECT (agency_id, closed_at, expires_at, id, kind, officer_id, opened_at, reason)
    ON registry.candidate_checks TO probity_agency;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type)
    ON registry.certifications TO probity_agency;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_agency;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_agency;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_agency;
GRANT SELECT (agency_id, as_of, decided_at, id, proof, result) ON registry.grant_eligibilities TO probity_agency;
GRANT SELECT (account, agency_id, body_id, granted_at, granted_by, id, revoked_at, revoked_by, role, state_code, valid)
    ON registry.grants TO probity_agency;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_agency;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_agency;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_agency;
GRANT SELECT (agency_id, id, officer_id, renewal_due, stint_id, valid)
    ON registry.monitor_subscriptions TO probity_agency;
GRANT SELECT (acknowledged_at, agency_id, cause, created_at, due_at, id, officer_id, series_id, version)
    ON registry.notices TO probity_agency;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_agency;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_agency;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_agency;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_agency;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_agency;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, held, id, kind, lifecycle,
        matter_id, notice_served_at, officer_id, order_date, respond_by, state_code, void_reason)
    ON registry.outcome_series TO probity_agency;
GRANT SELECT (dispute, finality, lifecycle, recorded, series_id, void_reason)
    ON registry.outcome_statuses TO probity_agency;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_agency;
GRANT SELECT (agency_id, certified_at, id, is_zero, period, report_count) ON registry.period_reports TO probity_agency;
GRANT SELECT (clause_sha256, credential_id, id, result, test) ON registry.policy_tests TO probity_agency;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_agency;
GRANT SELECT (agency_id, done_at, due_at, id, notice_id, required_action) ON registry.reliance_tasks TO probity_agency;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_agency;
GRANT SELECT (action_date, agency_id, agency_kind, basis, cleared_at, closed_on, created_at, dispute, finality, held,
        id, kind, lifecycle, matter_kind, notice_served_at, notice_served_on, officer_id, opened_on, rural, size_band,
        state_code, sworn_count)
    ON counted.outcomes TO probity_analyst;
GRANT SELECT (agency_id, agency_kind, from_date, id, is_current, officer_id, rural, separation_reason, size_band,
        state_code, sworn_count, to_date)
    ON counted.stints TO probity_analyst;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_analyst;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_analyst;
GRANT SELECT (account, expires_at, failure, finished_at, format, id, question, requested_at, rows_done, rows_estimated,
        sha256, size_bytes, started_at, state)
    ON registry.analysis_exports TO probity_analyst;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_analyst;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_analyst;
GRANT SELECT (basis, series_id, version) ON registry.outcome_contents TO probity_analyst;
GRANT SELECT (agency_id, analyst_id, cleared_at, created_at, current_version, dispute, finality, held, id, kind,
        lifecycle, notice_served_at, order_date, state_code)
    ON registry.outcome_series TO probity_analyst;
GRANT SELECT (account, agency_id, at, id, item_count, kind, operation, policy_sha256, purpose, result, role, state_code)
    ON audit.records TO probity_auditor;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_auditor;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_auditor;
GRANT SELECT (account, approved_at, approved_by, case_number, ended_at, ended_by, hours, id, reason, requested_at,
        series_id, valid)
    ON registry.break_glass_accesses TO probity_auditor;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_auditor;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_auditor;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_auditor;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_auditor;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_auditor;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_auditor;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_auditor;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_auditor;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_auditor;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_auditor;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, held, id, kind, lifecycle,
        matter_id, notice_served_at, officer_id, order_date, respond_by, state_code, void_reason)
    ON registry.outcome_series TO probity_auditor;
GRANT SELECT (dispute, finality, lifecycle, recorded, series_id, void_reason)
    ON registry.outcome_statuses TO probity_auditor;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_auditor;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_auditor;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_credentials;
GRANT SELECT (agency_id, basis, body_id, id, policy_sha256, status, valid)
    ON registry.agency_credentials TO probity_credentials;
GRANT SELECT (agency_id, id, last_attestation, renewal_due, role, valid)
    ON registry.agency_enrollments TO probity_credentials;
GRANT SELECT (agency_id, answer, attested_at, id, period) ON registry.attestations TO probity_credentials;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_credentials;
GRANT SELECT (agency_id, as_of, decided_at, id, proof, result) ON registry.grant_eligibilities TO probity_credentials;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code)
    ON registry.jurisdictions TO probity_credentials;
GRANT SELECT (agency_id, certified_at, id, is_zero, period, report_count)
    ON registry.period_reports TO probity_credentials;
GRANT SELECT (clause_sha256, credential_id, id, result, test) ON registry.policy_tests TO probity_credentials;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_doj;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_doj;
GRANT SELECT (from_date, id, officer_id, state_code, to_date, type) ON registry.certifications TO probity_doj;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_doj;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_doj;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_doj;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_doj;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_doj;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_doj;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_doj;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_doj;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_doj;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_doj;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, held, id, kind, lifecycle,
        matter_id, notice_served_at, officer_id, order_date, respond_by, state_code, void_reason)
    ON registry.outcome_series TO probity_doj;
GRANT SELECT (dispute, finality, lifecycle, recorded, series_id, void_reason)
    ON registry.outcome_statuses TO probity_doj;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_doj;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_doj;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, to_date)
    ON registry.stints TO probity_doj;
GRANT SELECT (officer_id, ordinal, record_id, series_id, version) ON audit.items TO probity_officer;
GRANT SELECT (agency_id, at, id, kind, operation, purpose, role, state_code) ON audit.records TO probity_officer;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_officer;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_officer;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type)
    ON registry.certifications TO probity_officer;
GRANT SELECT (agency_id, expires_at, granted_at, id, officer_id, purpose, revoked_at, scope, uses_left)
    ON registry.consents TO probity_officer;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_officer;
GRANT SELECT (decided_at, id, missing, result, rule_pack, rule_pack_version, series_id, version)
    ON registry.determinations TO probity_officer;
GRANT SELECT (custodian, document_kind, held_on, id, matter_id, media_type, redacted, sha256)
    ON registry.evidence_items TO probity_officer;
GRANT SELECT (account, id, officer_id, revoked_at, role, valid) ON registry.grants TO probity_officer;
GRANT SELECT (authority, id, kind, order_number, series_id, valid) ON registry.holds TO probity_officer;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_officer;
GRANT SELECT (case_number, closed_on, court, disposition, force_related, id, kind, notice_served_on, opened_on, status)
    ON registry.matters TO probity_officer;
GRANT SELECT (acknowledged_at, agency_id, cause, created_at, due_at, id, officer_id, series_id, version)
    ON registry.notices TO probity_officer;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_officer;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_officer;
GRANT SELECT (body, recorded, series_id, version) ON registry.officer_statements TO probity_officer;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_officer;
GRANT SELECT (action_date, basis, civil_basis, conviction_basis, court, court_case_number, final_finding, force_related,
        force_types, legal_basis, on_duty, recommended_finding, series_id, standard_of_proof, version)
    ON registry.outcome_contents TO probity_officer;
GRANT SELECT (agency_id, cleared_at, created_at, current_version, dispute, finality, held, id, kind, lifecycle,
        matter_id, notice_served_at, officer_id, order_date, respond_by, state_code, void_reason)
    ON registry.outcome_series TO probity_officer;
GRANT SELECT (dispute, finality, lifecycle, recorded, series_id, void_reason)
    ON registry.outcome_statuses TO probity_officer;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_officer;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_officer;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_officer;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_post;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_post;
GRANT SELECT (from_date, id, officer_id, state_code, status, to_date, type) ON registry.certifications TO probity_post;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_post;
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
GRANT SELECT (agency_id, current_version, dispute, finality, held, id, kind, lifecycle, matter_id, officer_id,
        order_date, state_code)
    ON registry.outcome_series TO probity_post;
GRANT SELECT (dispute, finality, recorded, series_id) ON registry.outcome_statuses TO probity_post;
GRANT SELECT (recorded, report_type, series_id, supersedes, version) ON registry.outcome_versions TO probity_post;
GRANT SELECT (by_office, element, id, matter_id, occurred_on, waived) ON registry.process_steps TO probity_post;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, separation_reason, to_date)
    ON registry.stints TO probity_post;
GRANT SELECT (county_fips, id, jurisdiction_id, kind, location_state, name, parent_id, rural, size_band, state_code,
        status, sworn_count)
    ON registry.agencies TO probity_registrar;
GRANT SELECT (agency_id, basis, body_id, id, status, valid) ON registry.agency_credentials TO probity_registrar;
GRANT SELECT (from_date, id, officer_id, state_code, to_date, type) ON registry.certifications TO probity_registrar;
GRANT SELECT (id, name, states) ON registry.credentialing_bodies TO probity_registrar;
GRANT SELECT (account, agency_id, body_id, granted_at, granted_by, id, revoked_at, revoked_by, role, state_code, valid)
    ON registry.grants TO probity_registrar;
GRANT SELECT (code, county_fips, id, level, name, parent_id, state_code) ON registry.jurisdictions TO probity_registrar;
GRANT SELECT (id, issuer, kind, officer_id, value) ON registry.officer_identifiers TO probity_registrar;
GRANT SELECT (family_name, from_date, given_name, id, kind, middle_name, name_suffix, officer_id, to_date)
    ON registry.officer_names TO probity_registrar;
GRANT SELECT (family_name, given_name, id, middle_name, name_suffix) ON registry.officers TO probity_registrar;
GRANT SELECT (agency_id, current_version, dispute, finality, held, id, kind, lifecycle, matter_id, officer_id,
        state_code)
    ON registry.outcome_series TO probity_registrar;
GRANT SELECT (agency_id, appointment_type, from_date, id, is_current, officer_id, rank, to_date)
    ON registry.stints TO probity_registrar;
-- end: written by `probity db grants`

-- Commands: the rows that row security lets a command change, its key, and its audit record.
GRANT USAGE ON SCHEMA registry, audit, gate TO probity_command;
GRANT EXECUTE ON FUNCTION gate.read_context(), gate.read_installation(),
    gate.find_grant(text, text, text, text, uuid, timestamptz) TO probity_command;
GRANT SELECT, INSERT ON registry.grants TO probity_command;
GRANT UPDATE (valid, revoked_by, revoked_at) ON registry.grants TO probity_command;
GRANT SELECT ON registry.agency_oris TO probity_command;
GRANT SELECT, INSERT ON registry.break_glass_accesses TO probity_command;
GRANT UPDATE (approved_by, approved_at, valid, ended_by, ended_at) ON registry.break_glass_accesses TO probity_command;
GRANT SELECT, INSERT ON registry.command_keys TO probity_command;
GRANT SELECT, INSERT ON registry.analysis_exports TO probity_command;
GRANT UPDATE (state, failure, started_at, finished_at, expires_at, rows_estimated, rows_done, size_bytes, sha256,
    leased_to, leased_until, attempts) ON registry.analysis_exports TO probity_command;
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

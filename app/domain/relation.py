"""How the principal stands to a record: the only thing of careers, checks and jurisdictions that policy sees.

A relation tells nothing of the record but that it holds; what it means in SQL is in app.planning.relations.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Relation(StrEnum):
    """The closed list of relations.

    `SELF`: the record is about the principal himself, whatever role he acts in (a representative stands for the
    officer of his mandate). `BREAK_GLASS`: two persons opened this outcome for him, for a time. `IN_STATE_XX`: it is a
    record of that State's agencies or authority, whoever asks; State law is laid over the policy with these.
    """

    ANYWHERE = "anywhere"
    OWN_AGENCY = "own_agency"
    OWN_STATE = "own_state"
    SELF = "self"
    CANDIDATE_LIMITED = "candidate_limited"
    CANDIDATE_FULL = "candidate_full"
    EMPLOYEE = "employee"
    CERTIFICANT = "certificant"
    ASSIGNED = "assigned"
    BREAK_GLASS = "break_glass"
    APPLICANT = "applicant"
    CREDENTIALEE = "credentialee"
    IN_STATE_AK = "in_state_ak"
    IN_STATE_AL = "in_state_al"
    IN_STATE_AR = "in_state_ar"
    IN_STATE_AS = "in_state_as"
    IN_STATE_AZ = "in_state_az"
    IN_STATE_CA = "in_state_ca"
    IN_STATE_CO = "in_state_co"
    IN_STATE_CT = "in_state_ct"
    IN_STATE_DC = "in_state_dc"
    IN_STATE_DE = "in_state_de"
    IN_STATE_FL = "in_state_fl"
    IN_STATE_GA = "in_state_ga"
    IN_STATE_GU = "in_state_gu"
    IN_STATE_HI = "in_state_hi"
    IN_STATE_IA = "in_state_ia"
    IN_STATE_ID = "in_state_id"
    IN_STATE_IL = "in_state_il"
    IN_STATE_IN = "in_state_in"
    IN_STATE_KS = "in_state_ks"
    IN_STATE_KY = "in_state_ky"
    IN_STATE_LA = "in_state_la"
    IN_STATE_MA = "in_state_ma"
    IN_STATE_MD = "in_state_md"
    IN_STATE_ME = "in_state_me"
    IN_STATE_MI = "in_state_mi"
    IN_STATE_MN = "in_state_mn"
    IN_STATE_MO = "in_state_mo"
    IN_STATE_MP = "in_state_mp"
    IN_STATE_MS = "in_state_ms"
    IN_STATE_MT = "in_state_mt"
    IN_STATE_NC = "in_state_nc"
    IN_STATE_ND = "in_state_nd"
    IN_STATE_NE = "in_state_ne"
    IN_STATE_NH = "in_state_nh"
    IN_STATE_NJ = "in_state_nj"
    IN_STATE_NM = "in_state_nm"
    IN_STATE_NV = "in_state_nv"
    IN_STATE_NY = "in_state_ny"
    IN_STATE_OH = "in_state_oh"
    IN_STATE_OK = "in_state_ok"
    IN_STATE_OR = "in_state_or"
    IN_STATE_PA = "in_state_pa"
    IN_STATE_PR = "in_state_pr"
    IN_STATE_RI = "in_state_ri"
    IN_STATE_SC = "in_state_sc"
    IN_STATE_SD = "in_state_sd"
    IN_STATE_TN = "in_state_tn"
    IN_STATE_TX = "in_state_tx"
    IN_STATE_UT = "in_state_ut"
    IN_STATE_VA = "in_state_va"
    IN_STATE_VI = "in_state_vi"
    IN_STATE_VT = "in_state_vt"
    IN_STATE_WA = "in_state_wa"
    IN_STATE_WI = "in_state_wi"
    IN_STATE_WV = "in_state_wv"
    IN_STATE_WY = "in_state_wy"


_IN_STATE: Final = "in_state_"
# The relations of State law, each with its postal code.
STATE_RELATIONS: Final = {
    relation: relation.removeprefix(_IN_STATE).upper() for relation in Relation if relation.startswith(_IN_STATE)
}

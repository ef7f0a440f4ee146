-- Ministry of Social Welfare, cash-transfer MIS: programme households as the last survey listed them.
CREATE TABLE programmes (
    code         TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    amount       TEXT NOT NULL,       -- a decimal, never a float
    currency     TEXT NOT NULL,
    frequency    TEXT NOT NULL CHECK (frequency IN ('monthly', 'once'))
) WITHOUT ROWID;

CREATE TABLE households (
    household_id TEXT PRIMARY KEY,
    district     TEXT NOT NULL,
    listed_on    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE beneficiaries (
    beneficiary_id TEXT PRIMARY KEY,
    household_id   TEXT NOT NULL REFERENCES households (household_id),
    national_id    TEXT,
    given_names    TEXT NOT NULL,
    family_name    TEXT NOT NULL,
    birth_date     TEXT NOT NULL,
    sex            TEXT NOT NULL,
    relationship   TEXT NOT NULL CHECK (relationship IN ('head', 'spouse', 'child', 'parent')),
    deceased       INTEGER NOT NULL CHECK (deceased IN (0, 1)),
    is_duplicate   INTEGER NOT NULL CHECK (is_duplicate IN (0, 1))  -- listed a second time, unknown to the ministry
) WITHOUT ROWID;
CREATE INDEX beneficiaries_by_national_id ON beneficiaries (national_id);
CREATE INDEX beneficiaries_by_household ON beneficiaries (household_id);

CREATE TABLE enrolments (
    enrolment_id   TEXT PRIMARY KEY,
    beneficiary_id TEXT NOT NULL REFERENCES beneficiaries (beneficiary_id),
    programme_code TEXT NOT NULL REFERENCES programmes (code),
    status         TEXT NOT NULL CHECK (status IN ('active', 'exited', 'completed')),
    started_on     TEXT NOT NULL,
    ended_on       TEXT
) WITHOUT ROWID;
CREATE INDEX enrolments_by_beneficiary ON enrolments (beneficiary_id);

CREATE TABLE payments (
    enrolment_id TEXT NOT NULL REFERENCES enrolments (enrolment_id),
    paid_on      TEXT NOT NULL,
    amount       TEXT NOT NULL,
    PRIMARY KEY (enrolment_id, paid_on)
) WITHOUT ROWID;

CREATE TABLE refresh (last_refreshed TEXT NOT NULL);

-- For other members: what a person receives or received, one row per enrolment.
CREATE VIEW v_sp_benefits AS
SELECT
    b.national_id,
    p.code AS programme_code,
    p.name AS programme_name,
    e.status,
    p.amount,
    p.currency,
    p.frequency,
    e.started_on,
    e.ended_on,
    (SELECT MAX(y.paid_on) FROM payments y WHERE y.enrolment_id = e.enrolment_id) AS last_payment_on,
    (SELECT last_refreshed FROM refresh) AS last_refreshed
FROM beneficiaries b
JOIN enrolments e ON e.beneficiary_id = b.beneficiary_id
JOIN programmes p ON p.code = e.programme_code;

-- The programme household of a person (national_id), one row per member, the person included.
CREATE VIEW v_sp_households AS
SELECT
    me.national_id,
    me.household_id,
    (SELECT h.national_id FROM beneficiaries h
     WHERE h.household_id = me.household_id AND h.relationship = 'head' AND h.is_duplicate = 0) AS head_national_id,
    m.national_id AS member_national_id,
    m.relationship,
    (SELECT COUNT(*) FROM beneficiaries s WHERE s.household_id = me.household_id AND s.deceased = 0) AS size,
    (SELECT last_refreshed FROM refresh) AS last_refreshed
FROM beneficiaries me
JOIN beneficiaries m ON m.household_id = me.household_id AND m.deceased = 0
WHERE me.is_duplicate = 0;

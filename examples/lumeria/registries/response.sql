-- Lumeria Relief, response MIS: households met in the field, what they need, what they were given.
CREATE TABLE registrations (
    case_no         TEXT PRIMARY KEY,
    national_id     TEXT,              -- many have no papers with them
    head_name       TEXT NOT NULL,
    birth_date      TEXT NOT NULL,
    birth_estimated INTEGER NOT NULL CHECK (birth_estimated IN (0, 1)),
    sex             TEXT NOT NULL CHECK (sex IN ('F', 'M')),
    p_code          TEXT NOT NULL,     -- district, in the organisation's own code list
    household_size  INTEGER NOT NULL,
    need            INTEGER NOT NULL CHECK (need BETWEEN 1 AND 5),
    closed          INTEGER NOT NULL CHECK (closed IN (0, 1))
) WITHOUT ROWID;
CREATE INDEX registrations_by_national_id ON registrations (national_id);

CREATE TABLE distributions (
    case_no    TEXT NOT NULL REFERENCES registrations (case_no),
    given_on   TEXT NOT NULL,
    item       TEXT NOT NULL CHECK (item IN ('KIT', 'CASH')),
    value_lmd  TEXT NOT NULL,          -- a decimal, never a float
    PRIMARY KEY (case_no, given_on, item)
) WITHOUT ROWID;

CREATE TABLE refresh (last_refreshed TEXT NOT NULL);

-- For other members: what a household was given, one row per distribution.
CREATE VIEW v_sp_assistance AS
SELECT
    r.national_id,
    r.case_no,
    d.item,
    d.given_on,
    d.value_lmd,
    r.p_code,
    r.household_size,
    r.need,
    CASE WHEN r.closed = 1 THEN 'closed' ELSE 'open' END AS case_status,
    (SELECT last_refreshed FROM refresh) AS last_refreshed
FROM registrations r
JOIN distributions d ON d.case_no = r.case_no;

-- National Disability Council: persons, their certificates, and their Washington Group short set answers.
CREATE TABLE persons (
    registration_no TEXT PRIMARY KEY,
    national_id     TEXT,
    given_names     TEXT NOT NULL,
    family_name     TEXT NOT NULL,
    birth_date      TEXT NOT NULL,
    sex             TEXT NOT NULL,
    district        TEXT NOT NULL,
    deceased        INTEGER NOT NULL CHECK (deceased IN (0, 1)),
    restricted      INTEGER NOT NULL CHECK (restricted IN (0, 1))
) WITHOUT ROWID;
CREATE INDEX persons_by_national_id ON persons (national_id);

CREATE TABLE certificates (
    registration_no TEXT PRIMARY KEY REFERENCES persons (registration_no),
    certified_on    TEXT NOT NULL,
    valid_to        TEXT NOT NULL,
    expired         INTEGER NOT NULL CHECK (expired IN (0, 1))
) WITHOUT ROWID;

CREATE TABLE limitations (
    registration_no TEXT NOT NULL REFERENCES persons (registration_no),
    domain          TEXT NOT NULL,
    severity        INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 4),  -- 1 no difficulty … 4 cannot do at all
    PRIMARY KEY (registration_no, domain)
) WITHOUT ROWID;

CREATE TABLE refresh (last_refreshed TEXT NOT NULL);

-- For social protection: one row per registered person. Scalar subqueries keep the view flat, so that a condition
-- on national_id uses the index.
CREATE VIEW v_sp_disability AS
SELECT
    p.national_id,
    CASE WHEN p.deceased = 1 THEN 'deceased' WHEN c.expired = 1 THEN 'expired' ELSE 'certified' END AS status,
    (SELECT MAX(l.severity) FROM limitations l WHERE l.registration_no = p.registration_no) AS severity,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'seeing') AS seeing,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'hearing') AS hearing,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'walking') AS walking,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'cognition') AS cognition,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'self_care') AS self_care,
    (SELECT severity FROM limitations l WHERE l.registration_no = p.registration_no AND l.domain = 'communication') AS communication,
    c.certified_on,
    c.valid_to,
    (SELECT last_refreshed FROM refresh) AS last_refreshed,
    p.restricted,
    p.district
FROM persons p
JOIN certificates c ON c.registration_no = p.registration_no;

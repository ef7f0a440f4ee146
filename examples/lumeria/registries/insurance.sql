-- Social Security Fund: insured persons by family, and the policies that a family's head holds.
CREATE TABLE insurees (
    chf_id       TEXT PRIMARY KEY,     -- insurance number, nine digits with leading zeros
    uuid         TEXT NOT NULL UNIQUE,
    family       TEXT NOT NULL,        -- uuid of the family
    national_id  TEXT,
    given_names  TEXT NOT NULL,
    family_name  TEXT NOT NULL,
    birth_date   TEXT NOT NULL,
    sex          TEXT NOT NULL,
    district     TEXT NOT NULL,
    died_on      TEXT,
    is_head      INTEGER NOT NULL CHECK (is_head IN (0, 1)),
    restricted   INTEGER NOT NULL CHECK (restricted IN (0, 1))
) WITHOUT ROWID;
CREATE INDEX insurees_by_national_id ON insurees (national_id);
CREATE INDEX insurees_by_family ON insurees (family);

CREATE TABLE policies (
    uuid        TEXT PRIMARY KEY,
    family      TEXT NOT NULL,
    head        TEXT NOT NULL REFERENCES insurees (chf_id),
    plan        TEXT NOT NULL CHECK (plan IN ('basic', 'plus')),
    starts_on   TEXT NOT NULL,
    expires_on  TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('active', 'cancelled'))
) WITHOUT ROWID;
CREATE INDEX policies_by_head ON policies (head);

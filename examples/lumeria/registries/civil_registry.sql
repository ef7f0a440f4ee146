-- Civil Registration Office: registers of vital events. A birth is the record of a person; its number (BRN) is
-- always there, a national ID (UIN) not always.
CREATE TABLE births (
    brn            TEXT PRIMARY KEY,
    uin            TEXT,
    given_name     TEXT NOT NULL,
    surname        TEXT NOT NULL,
    name_key       TEXT NOT NULL,     -- lower case without marks, for searching
    sex            TEXT NOT NULL,
    birth_date     TEXT NOT NULL,
    birth_place    TEXT NOT NULL,     -- district code
    parent1_uin    TEXT,              -- mother
    parent2_uin    TEXT,              -- father
    registered_on  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX births_by_uin ON births (uin);
CREATE INDEX births_by_parent1 ON births (parent1_uin);
CREATE INDEX births_by_parent2 ON births (parent2_uin);
CREATE INDEX births_by_date ON births (birth_date);
CREATE INDEX births_by_name ON births (name_key);

CREATE TABLE deaths (
    drn            TEXT PRIMARY KEY,
    brn            TEXT NOT NULL UNIQUE REFERENCES births (brn),
    death_date     TEXT NOT NULL,
    death_place    TEXT NOT NULL,     -- district code
    registered_on  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE marriages (
    mrn            TEXT PRIMARY KEY,
    spouse1_uin    TEXT NOT NULL,     -- wife
    spouse2_uin    TEXT NOT NULL,     -- husband
    marriage_date  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX marriages_by_spouse1 ON marriages (spouse1_uin);
CREATE INDEX marriages_by_spouse2 ON marriages (spouse2_uin);

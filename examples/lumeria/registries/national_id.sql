-- National Identity Authority: one row per number issued.
CREATE TABLE persons (
    nid            TEXT PRIMARY KEY,
    full_name      TEXT NOT NULL,
    name_key       TEXT NOT NULL,     -- lower case without marks, for searching
    given_names    TEXT NOT NULL,
    family_name    TEXT NOT NULL,
    native_name    TEXT NOT NULL,     -- the second script, written from right to left
    birth_date     TEXT NOT NULL,
    sex            TEXT NOT NULL,
    address_line   TEXT NOT NULL,
    locality       TEXT NOT NULL,
    district       TEXT NOT NULL,
    district_name  TEXT NOT NULL,
    photo_ref      TEXT,              -- photographs are taken with the card, from 16 years on
    card_number    TEXT,
    card_issued_on TEXT,
    status         TEXT NOT NULL CHECK (status IN ('active', 'deceased')),
    protected      INTEGER NOT NULL CHECK (protected IN (0, 1)),
    last_updated   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX persons_by_birth_date ON persons (birth_date);

-- Revenue Authority: taxpayers and one assessment per year in which they declared.
CREATE TABLE taxpayers (
    tin            TEXT PRIMARY KEY,
    national_id    TEXT,
    name           TEXT NOT NULL,     -- FAMILY, Given
    birth_date     TEXT NOT NULL,
    occupation     TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('active', 'deceased'))
) WITHOUT ROWID;
CREATE INDEX taxpayers_by_national_id ON taxpayers (national_id);

CREATE TABLE assessments (
    tin             TEXT NOT NULL REFERENCES taxpayers (tin),
    year            INTEGER NOT NULL,
    declared_income TEXT NOT NULL,    -- a decimal, never a float
    currency        TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('final', 'provisional')),
    assessed_on     TEXT NOT NULL,
    PRIMARY KEY (tin, year)
) WITHOUT ROWID;

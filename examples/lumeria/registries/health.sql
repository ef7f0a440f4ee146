-- Ministry of Health, programme tracker: tracked entities and their enrolments, as DHIS2 keeps them.
CREATE TABLE tracked_entities (
    uid          TEXT PRIMARY KEY,     -- eleven letters and digits
    national_id  TEXT,
    given_names  TEXT NOT NULL,
    family_name  TEXT NOT NULL,
    native_name  TEXT NOT NULL,        -- the second script
    birth_date   TEXT NOT NULL,
    sex          TEXT NOT NULL CHECK (sex IN ('F', 'M')),
    org_unit     TEXT NOT NULL,
    restricted   INTEGER NOT NULL CHECK (restricted IN (0, 1)),
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tracked_entities_by_national_id ON tracked_entities (national_id);

CREATE TABLE enrollments (
    uid          TEXT PRIMARY KEY,
    entity       TEXT NOT NULL REFERENCES tracked_entities (uid),
    program      TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('ACTIVE', 'COMPLETED', 'CANCELLED')),
    enrolled_at  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX enrollments_by_entity ON enrollments (entity);

CREATE TABLE events (
    uid          TEXT PRIMARY KEY,
    enrollment   TEXT NOT NULL REFERENCES enrollments (uid),
    occurred_at  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX events_by_enrollment ON events (enrollment);

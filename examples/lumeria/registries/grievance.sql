-- Ministry of Social Welfare, grievance desk: requests as Open311 sees them. Two states only; what a grievance
-- system knows beyond them (priority, appeal, due date) stands in columns of their own.
CREATE TABLE requests (
    service_request_id TEXT PRIMARY KEY,
    service_code       TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    status_notes       TEXT,
    description        TEXT NOT NULL,
    account_id         TEXT,            -- the complainant's national ID; NULL when anonymous
    requested_datetime TEXT NOT NULL,
    updated_datetime   TEXT NOT NULL,
    expected_datetime  TEXT,
    address            TEXT NOT NULL,
    address_id         TEXT NOT NULL,   -- district code
    longitude          REAL NOT NULL,
    latitude           REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (requested_datetime);
CREATE INDEX requests_by_account ON requests (account_id);

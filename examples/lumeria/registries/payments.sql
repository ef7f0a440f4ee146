-- The treasury's payments platform: batches of a programme's payments, and every transfer in them.
CREATE TABLE batches (
    batch_id       TEXT PRIMARY KEY,
    request_id     TEXT NOT NULL,       -- the programme's own number of the batch
    correlation_id TEXT NOT NULL,
    institution_id TEXT NOT NULL,
    program_id     TEXT NOT NULL,
    started_at     TEXT NOT NULL,
    completed_at   TEXT
) WITHOUT ROWID;

CREATE TABLE transfers (
    transaction_id TEXT PRIMARY KEY,
    request_id     TEXT NOT NULL,       -- the instruction's number in the batch
    batch_id       TEXT NOT NULL REFERENCES batches (batch_id),
    payee_id_type  TEXT NOT NULL,
    payee_id       TEXT NOT NULL,
    amount         TEXT NOT NULL,       -- a decimal, never a float
    currency       TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')),
    error_code     TEXT,
    error          TEXT,
    started_at     TEXT NOT NULL,
    completed_at   TEXT,
    reconciled_on  TEXT                 -- the day of the bank's statement that shows it
) WITHOUT ROWID;
CREATE INDEX transfers_by_batch ON transfers (batch_id);
CREATE INDEX transfers_by_payee ON transfers (payee_id);

CREATE TABLE accounts (
    payee_id          TEXT PRIMARY KEY, -- functional identity
    modality          TEXT NOT NULL,    -- 00 bank account, 01 mobile wallet
    financial_address TEXT NOT NULL
) WITHOUT ROWID;

-- Land Administration: parcels, and who holds which right in them (LADM: party, right, spatial unit).
CREATE TABLE parcels (
    parcel_no      TEXT PRIMARY KEY,
    district       TEXT NOT NULL,
    land_use       TEXT NOT NULL,
    area_ha        TEXT NOT NULL,      -- a decimal, never a float
    surveyed_on    TEXT NOT NULL,
    ring           TEXT NOT NULL,      -- JSON: [[longitude, latitude], …], closed, CRS84
    west           REAL NOT NULL,
    south          REAL NOT NULL,
    east           REAL NOT NULL,
    north          REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE rights (
    right_id       TEXT PRIMARY KEY,
    parcel_no      TEXT NOT NULL REFERENCES parcels (parcel_no),
    party_nid      TEXT,               -- national ID, where the register knows it
    party_name     TEXT NOT NULL,
    party_deceased INTEGER NOT NULL CHECK (party_deceased IN (0, 1)),
    rrr_type       TEXT NOT NULL CHECK (rrr_type IN ('own', 'lse', 'cus', 'usu')),
    share          TEXT NOT NULL,      -- '1/1', '1/2'
    registered_on  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX rights_by_party ON rights (party_nid);
CREATE INDEX rights_by_parcel ON rights (parcel_no);

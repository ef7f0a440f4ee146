-- Vehicle Licensing: registered vehicles and their holders.
CREATE TABLE vehicles (
    plate                 TEXT PRIMARY KEY,
    category              TEXT NOT NULL CHECK (category IN ('M1', 'L3', 'N1')),  -- UNECE: car, motorcycle, van
    owner_nid             TEXT,
    owner_name            TEXT NOT NULL,
    owner_deceased        INTEGER NOT NULL CHECK (owner_deceased IN (0, 1)),
    first_registered_on   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX vehicles_by_owner ON vehicles (owner_nid);

CREATE TABLE refresh (last_refreshed TEXT NOT NULL);

-- For social protection: one row per vehicle.
CREATE VIEW v_sp_vehicles AS
SELECT
    owner_nid AS national_id,
    plate,
    category,
    first_registered_on,
    (SELECT last_refreshed FROM refresh) AS last_refreshed
FROM vehicles;

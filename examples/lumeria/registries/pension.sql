-- Ministry of Social Welfare, pension MIS: an old system, moved from one database to the next since 1994. Upper-case
-- names, codes instead of words, dates of the Hijri calendar as text, '' and '0000/00/00' where nothing is known,
-- amounts in hundredths.
CREATE TABLE PENSIONERS (
    PENS_NO   TEXT PRIMARY KEY,        -- seven digits, leading zeros
    NAT_NO    TEXT NOT NULL,           -- '' where the number was never collected
    FAM_NAME  TEXT NOT NULL,           -- capitals without marks
    GIV_NAME  TEXT NOT NULL,
    BIRTH_H   TEXT NOT NULL,           -- Hijri, YYYY/MM/DD
    SEX       TEXT NOT NULL CHECK (SEX IN ('1', '2')),      -- 1 male, 2 female
    DISTRICT  TEXT NOT NULL,
    DEAD_H    TEXT NOT NULL,           -- Hijri; '0000/00/00' while alive
    SECRET    INTEGER NOT NULL CHECK (SECRET IN (0, 1))     -- under protection
) WITHOUT ROWID;
CREATE INDEX PENSIONERS_BY_NAT_NO ON PENSIONERS (NAT_NO);

CREATE TABLE PENSIONS (
    PENS_NO   TEXT NOT NULL REFERENCES PENSIONERS (PENS_NO),
    KIND      TEXT NOT NULL CHECK (KIND IN ('10', '20', '30')),   -- old age, survivor, invalidity
    AMT_CENTS INTEGER NOT NULL,
    FROM_H    TEXT NOT NULL,
    TO_H      TEXT NOT NULL,
    PRIMARY KEY (PENS_NO, KIND)
) WITHOUT ROWID;

CREATE TABLE refresh (last_refreshed TEXT NOT NULL);

-- For other members: one row per pension.
CREATE VIEW V_SP_PENSIONS AS
SELECT
    p.NAT_NO,
    p.PENS_NO,
    p.FAM_NAME,
    p.GIV_NAME,
    p.BIRTH_H,
    p.SEX,
    s.KIND,
    CASE WHEN p.DEAD_H <> '0000/00/00' THEN 'T' ELSE 'A' END AS STAT,   -- A active, T terminated
    s.AMT_CENTS,
    s.FROM_H,
    s.TO_H,
    p.DISTRICT,
    p.SECRET,
    (SELECT last_refreshed FROM refresh) AS LAST_REFRESHED
FROM PENSIONERS p
JOIN PENSIONS s ON s.PENS_NO = p.PENS_NO;

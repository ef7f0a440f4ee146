-- For the owner of an openIMIS database (PostgreSQL): what social protection may see of it.
-- openIMIS keeps old versions of a row: only those without "ValidityTo" are in force. `passport` holds the
-- number of the identification document; change the first column if the national ID is kept elsewhere.
CREATE SCHEMA isthmus;
CREATE VIEW isthmus.v_sp_coverage AS
SELECT i.passport AS national_id,
       r."ProductCode" AS scheme,
       r."ProductName" AS scheme_name,
       p."PolicyStatus" AS status,
       CASE WHEN i."IsHead" THEN 'C' ELSE 'D' END AS insured_as,
       ip."EffectiveDate" AS started_on,
       ip."ExpiryDate" AS ended_on,
       now() AS last_refreshed
FROM "tblInsuree" i
JOIN "tblInsureePolicy" ip ON ip."InsureeID" = i."InsureeID" AND ip."ValidityTo" IS NULL
JOIN "tblPolicy" p ON p."PolicyID" = ip."PolicyId" AND p."ValidityTo" IS NULL
JOIN "tblProduct" r ON r."ProdID" = p."ProdID"
WHERE i."ValidityTo" IS NULL AND i.passport IS NOT NULL;
CREATE ROLE isthmus_read LOGIN;  -- then: \password isthmus_read
GRANT USAGE ON SCHEMA isthmus TO isthmus_read;
GRANT SELECT ON isthmus.v_sp_coverage TO isthmus_read;

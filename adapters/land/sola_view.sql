-- For the owner of a SOLA database (PostgreSQL): what social protection may see of it.
-- Current rights only; parties are found by their ID number, and nobody without one is shown.
CREATE SCHEMA isthmus;
CREATE VIEW isthmus.v_sp_land AS
SELECT p.id_number AS national_id,
       concat_ws('/', b.name_firstpart, b.name_lastpart) AS parcel_id,
       (SELECT a.size FROM administrative.ba_unit_area a
         WHERE a.ba_unit_id = b.id AND a.type_code = 'officialArea') AS area_m2,
       r.type_code AS right_type,
       s.nominator || '/' || s.denominator AS share,
       r.registration_date::date AS registered_on,
       now() AS last_refreshed
FROM party.party p
JOIN administrative.party_for_rrr pr ON pr.party_id = p.id
JOIN administrative.rrr r ON r.id = pr.rrr_id AND r.status_code = 'current'
JOIN administrative.ba_unit b ON b.id = r.ba_unit_id AND b.status_code = 'current'
LEFT JOIN administrative.rrr_share s ON s.id = pr.share_id
WHERE p.id_number IS NOT NULL AND p.type_code = 'naturalPerson';
CREATE ROLE isthmus_read LOGIN;  -- then: \password isthmus_read
GRANT USAGE ON SCHEMA isthmus TO isthmus_read;
GRANT SELECT ON isthmus.v_sp_land TO isthmus_read;

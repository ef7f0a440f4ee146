-- For the owner of an OpenSPP 2 database (PostgreSQL): what social protection may see of its tickets. What was
-- said stays there. The first join finds the registrant's national ID: name the type of ID of your country.
CREATE SCHEMA isthmus;
CREATE VIEW isthmus.v_sp_grievances AS
SELECT n.value AS national_id,
       t.number,
       CASE WHEN t.decision = 'withdrawn' THEN 'withdrawn' WHEN t.is_closed AND t.decision = 'rejected' THEN 'rejected'
            WHEN t.is_closed THEN 'closed' WHEN t.is_escalated THEN 'escalated' ELSE 'open' END AS state,
       t.decision,
       t.sensitivity <> 'standard' AS is_sensitive,
       t.intake_date::date AS submitted_on,
       t.sla_deadline::date AS due_on,
       t.closed_date::date AS closed_on,
       now() AS last_refreshed
FROM spp_grm_ticket t
JOIN spp_registry_id n ON n.partner_id = t.partner_id AND n.id_type_id = 1
WHERE t.active AND n.value IS NOT NULL;
CREATE ROLE isthmus_read LOGIN;  -- then: \password isthmus_read
GRANT USAGE ON SCHEMA isthmus TO isthmus_read;
GRANT SELECT ON isthmus.v_sp_grievances TO isthmus_read;

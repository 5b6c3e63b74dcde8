-- `:rows` mails and a tenth as many runs that wait, for a database in which a night was done.
UPDATE messages SET status = 'SUPPRESSED' WHERE status IN ('PENDING', 'SENDING');
INSERT INTO messages (id, organization_id, person_id, match_id, kind, dedupe_key, mail, locale, status, due_at, expires_at, handed_at, sent_at,
  error, created_at, updated_at, owner, fence, lease_until, attempts, rescue_count)
SELECT gen_random_uuid(), m.organization_id, m.person_id, NULL, m.kind, 'claims:' || n, m.mail, m.locale, 'PENDING', now() - n * interval '1 ms', NULL, NULL, NULL,
  NULL, now(), now(), NULL, 0, NULL, 0, 0
FROM (SELECT * FROM messages WHERE kind = 'INTRODUCTION' LIMIT 1) AS m, generate_series(1, :rows) AS n;

INSERT INTO match_runs (id, organization_id, program_id, local_date, origin, dry_run, status, requested_by, report, error, queued_at, started_at,
  finished_at, updated_at, owner, fence, lease_until, attempts, rescue_count, people, turn_at)
SELECT gen_random_uuid(), r.organization_id, r.program_id, NULL, 'NIGHT', true, 'QUEUED', NULL, NULL, NULL, now(), NULL, NULL, now(), NULL, 0, NULL, 0, 0,
  CASE WHEN n % 1000 = 0 THEN 3000 ELSE 100 END, now() - n * interval '1 ms'
FROM (SELECT * FROM match_runs LIMIT 1) AS r, generate_series(1, :rows / 10) AS n;

ANALYZE;

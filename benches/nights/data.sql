-- Many programs whose night is due at once, the same every time. For a database that `counterpart migrate` has just prepared.
-- `:programs` of them in twenty organizations; of a hundred, 89 have 10 to 109 people, 10 have 200 to 999 and one has 2,000
-- to 4,999, each number times `:scale`.
BEGIN;

-- Version 7 in form, so that ids sort by kind and then by number.
CREATE FUNCTION pg_temp.id(kind int, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
  AS $$ SELECT ('0192' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.one_of(words text[], number bigint) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT words[1 + number % cardinality(words)] $$;

CREATE TEMP TABLE words ON COMMIT DROP AS SELECT
  ARRAY['AT','AU','BR','CA','CH','CZ','DE','DK','ES','FI','FR','GB','IE','IN','IT','JP','KE','MX','NL','NO','PL','PT','SE','US'] AS countries,
  ARRAY['archives','career changes','data analysis','digitization','fundraising','leadership','open access','public speaking','research data','teaching','writing'] AS topics;
CREATE TEMP TABLE sizes ON COMMIT DROP AS SELECT n AS program, 1 + n % 20 AS organization,
  greatest(2, (:scale * CASE WHEN n % 100 = 50 THEN 2000 + n * 37 % 3000 WHEN n % 10 = 5 THEN 200 + n * 7 % 800 ELSE 10 + n * 13 % 100 END)::int) AS people
FROM generate_series(1, :programs) AS n;

INSERT INTO organizations (id, slug, name, contact, portal_url, created_at, updated_at)
SELECT pg_temp.id(1, n), 'bench' || n, 'University ' || n, NULL, NULL, '2025-01-01', '2025-01-01' FROM generate_series(1, 20) AS n;

INSERT INTO people (id, organization_id, external_id, name, email, headline, country, languages, time_zone, locale, active, version, created_at, updated_at)
SELECT pg_temp.id(2, program * 10000 + n), pg_temp.id(1, organization), NULL, 'Person ' || program || '.' || n, 'person' || program || '.' || n || '@example.org', NULL,
  pg_temp.one_of(countries, n * 5 + n / 24), '["en"]', 'Europe/Berlin', 'en', true, 1, '2025-01-01', '2025-01-01'
FROM sizes, words, generate_series(1, people) AS n;

-- Due an hour ago, by UTC.
INSERT INTO programs (id, organization_id, name, description, kind, consent, objective, admission, time_zone, match_at, minimum_score,
  avoid_past_partners, proposal_reminder_days, proposal_expires_days, first_contact_days, ice_breakers, seed, version, archived_at, created_at, updated_at)
SELECT pg_temp.id(4, program), pg_temp.id(1, organization), 'Program ' || program, '', 'PEER', 'INTRODUCE_AT_ONCE', 'PARTICIPATION', 'AUTOMATIC', 'Etc/UTC',
  to_char(now() AT TIME ZONE 'UTC' - interval '1 hour', 'HH24:MI'), 0, true, 7, 14, 7, '[]', 1, 1, NULL, '2025-01-01', '2025-01-01'
FROM sizes;
INSERT INTO questions (id, organization_id, program_id, key, label, prompt, kind, asks, options, required, position)
SELECT pg_temp.id(5, program), pg_temp.id(1, organization), pg_temp.id(4, program), 'topics', 'Topics', 'Which topics?', 'TAGS', 'ABOUT_ME', '[]', true, 0
FROM sizes;
INSERT INTO criteria (id, organization_id, program_id, label, subject, question_key, comparison, at_most, strength, weight, position)
SELECT pg_temp.id(6, program * 10 + position), pg_temp.id(1, organization), pg_temp.id(4, program), label, subject, question, comparison, NULL, strength, weight, position
FROM sizes, (VALUES
  (0, 'A shared language', 'LANGUAGES', NULL, 'OVERLAP', 'MUST', 0),
  (1, 'Another country', 'COUNTRY', NULL, 'DIFFERENT', 'PREFER', 1),
  (2, 'Topics', 'QUESTION', 'topics', 'OVERLAP', 'PREFER', 3)) AS rule (position, label, subject, question, comparison, strength, weight);
INSERT INTO rounds (id, organization_id, program_id, name, status, rolling, country_cap_percent, ends_on, opened_at, closed_at, created_at, updated_at)
SELECT pg_temp.id(7, program), pg_temp.id(1, organization), pg_temp.id(4, program), 'Round', 'CLOSED', false, NULL, NULL, '2025-01-01', '2025-01-10', '2025-01-01', '2025-01-10'
FROM sizes;
INSERT INTO enrollments (id, organization_id, program_id, round_id, person_id, role, status, capacity, priority, about, wanted, paused_until, version, applied_at, created_at, updated_at)
SELECT pg_temp.id(8, program * 10000 + n), pg_temp.id(1, organization), pg_temp.id(4, program), pg_temp.id(7, program), pg_temp.id(2, program * 10000 + n),
  'PEER', 'ACTIVE', 1, 100,
  jsonb_build_object('topics', (SELECT array_agg(DISTINCT topics[1 + (n * 7 + step * (3 + n % 5)) % cardinality(topics)]) FROM generate_series(0, 1 + n % 2) AS step)),
  '{}', NULL, 1, '2025-01-05', '2025-01-05', '2025-01-05'
FROM sizes, words, generate_series(1, people) AS n;

COMMIT;
ANALYZE;

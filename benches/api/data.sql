-- One organization of 50,000 people and 60,000 matches, the same every time. For a database that `counterpart migrate`
-- has just prepared.
--
-- 10,000 regulars take part in a peer program for twelve months: a round each, 5,000 pairs in every one, each pair of
-- two people who have not met before. The other 40,000 people are enrolled once, in a mentoring program.
BEGIN;

-- Version 7 in form, so that ids sort by kind and then by number.
CREATE FUNCTION pg_temp.id(kind int, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
  AS $$ SELECT ('0192' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.one_of(words text[], number bigint) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT words[1 + number % cardinality(words)] $$;
-- Two or three of the words, other ones for every number.
CREATE FUNCTION pg_temp.some_of(words text[], number bigint) RETURNS text[] IMMUTABLE LANGUAGE sql
  AS $$ SELECT array_agg(DISTINCT words[1 + (number * 7 + step * (3 + number % 5)) % cardinality(words)])
        FROM generate_series(0, 1 + number % 2) AS step $$;

CREATE TEMP TABLE words ON COMMIT DROP AS SELECT
  ARRAY['AT','AU','BR','CA','CH','CZ','DE','DK','ES','FI','FR','GB','IE','IN','IT','JP','KE','MX','NL','NO','PL','PT','SE','US'] AS countries,
  ARRAY['de','en','es','fr','it','ja','nl','pl','pt','sv'] AS languages,
  ARRAY['Europe/Berlin','Europe/London','Europe/Lisbon','America/Toronto','America/Sao_Paulo','Asia/Tokyo','Africa/Nairobi','Australia/Sydney'] AS zones,
  ARRAY['Amina','Björn','Chloé','Dmitri','Elif','Fatima','Grace','Hiro','Ingrid','João','Kofi','Lena','María','Noor','Oskar','Priya','Quentin','Rosa','Søren','Tariq'] AS given,
  ARRAY['Adeyemi','Berg','Costa','Dvořák','Eriksen','Fischer','García','Haddad','Ito','Jansen','Kowalska','Lund','Moreau','Novak','Okafor','Petrov','Rossi','Silva','Tanaka','Weber'] AS family,
  ARRAY['Reference librarian at a city library','Doctoral student in chemistry','Data engineer in public transport','Head of a small archive','Second year of mechanical engineering','Product manager, previously a nurse','Teacher of mathematics and music'] AS headlines,
  ARRAY['archives','career changes','children''s programs','data analysis','digitization','fundraising','information literacy','leadership','open access','public speaking','research data','teaching','writing'] AS topics,
  ARRAY['academic','public','school','special'] AS fields,
  ARRAY['I would like to hear how others handle the same questions.','To practise saying what I do in plain words.','Somebody to think aloud with, once a month.'] AS hopes;

INSERT INTO organizations (id, slug, name, contact, portal_url, created_at, updated_at) VALUES
  (pg_temp.id(1, 1), 'bench', 'University of Everywhere', 'mentoring@example.org', NULL, '2025-01-01', '2025-01-01');

INSERT INTO people (id, organization_id, external_id, name, email, headline, country, languages, time_zone, locale, active, version, created_at, updated_at)
SELECT pg_temp.id(2, n), pg_temp.id(1, 1), 'S' || n, pg_temp.one_of(given, n * 7) || ' ' || pg_temp.one_of(family, n / 3),
  'person' || n || '@example.org', pg_temp.one_of(headlines, n * 3), pg_temp.one_of(countries, n * 5 + n / 24),
  to_jsonb(pg_temp.some_of(languages, n)), pg_temp.one_of(zones, n), 'en', true, 1,
  '2025-01-01'::timestamptz + n * interval '1 minute', '2025-06-01'::timestamptz + (n * 7919 % 50021) * interval '1 minute'
FROM generate_series(1, 50000) AS n, words;

-- The first person administers the organization, the second coordinates all of it. Neither has any matches.
INSERT INTO people (id, organization_id, external_id, name, email, headline, country, languages, time_zone, locale, active, version, created_at, updated_at)
SELECT pg_temp.id(2, 60000 + n), pg_temp.id(1, 1), NULL, 'Staff ' || n, 'staff' || n || '@example.org', NULL, 'DE', '["en"]',
  'Europe/Berlin', 'en', true, 1, '2025-01-01', '2025-01-01' FROM generate_series(1, 2) AS n;
INSERT INTO staff_roles (id, organization_id, person_id, role, countries, created_at) VALUES
  (pg_temp.id(3, 1), pg_temp.id(1, 1), pg_temp.id(2, 60001), 'ADMINISTRATOR', NULL, '2025-01-01'),
  (pg_temp.id(3, 2), pg_temp.id(1, 1), pg_temp.id(2, 60002), 'COORDINATOR', NULL, '2025-01-01');

INSERT INTO programs (id, organization_id, name, description, kind, consent, objective, admission, time_zone, match_at, minimum_score,
  avoid_past_partners, proposal_reminder_days, proposal_expires_days, first_contact_days, ice_breakers, seed, version, archived_at, created_at, updated_at)
SELECT pg_temp.id(4, n), pg_temp.id(1, 1), CASE n WHEN 1 THEN 'Peer coffees' ELSE 'Career mentoring' END,
  'Two people talk for a month: about their work, and whatever they are curious about.', CASE n WHEN 1 THEN 'PEER' ELSE 'MENTORING' END,
  'INTRODUCE_AT_ONCE', 'PARTICIPATION', 'AUTOMATIC', 'Europe/Berlin', '02:00', 0, true, 7, 14, 7, '[]', 1, 1, NULL, '2025-01-01', '2025-01-01'
FROM generate_series(1, 2) AS n;

INSERT INTO questions (id, organization_id, program_id, key, label, prompt, kind, asks, options, required, position)
SELECT pg_temp.id(5, program * 10 + position), pg_temp.id(1, 1), pg_temp.id(4, program), key, label, prompt, kind, asks, options, true, position
FROM words, generate_series(1, 2) AS program, LATERAL (VALUES
  (0, 'topics', 'Topics', 'Which topics would you like to talk about?', 'MULTIPLE', 'BOTH', to_jsonb(topics)),
  (1, 'field', 'Field', 'Where do you work?', 'SINGLE', 'ABOUT_ME', to_jsonb(fields)),
  (2, 'interests', 'Interests', 'What else do you like?', 'TAGS', 'ABOUT_ME', '[]'),
  (3, 'hopes', 'Hopes', 'What do you hope for?', 'TEXT', 'ABOUT_ME', '[]')) AS asked (position, key, label, prompt, kind, asks, options);

INSERT INTO criteria (id, organization_id, program_id, label, subject, question_key, comparison, at_most, strength, weight, position)
SELECT pg_temp.id(6, program * 10 + position), pg_temp.id(1, 1), pg_temp.id(4, program), label, subject, question, comparison, at_most, strength, weight, position
FROM generate_series(1, 2) AS program, (VALUES
  (0, 'A shared language', 'LANGUAGES', NULL, 'OVERLAP', NULL, 'MUST', 0),
  (1, 'Another country', 'COUNTRY', NULL, 'DIFFERENT', NULL, 'PREFER', 20),
  (2, 'Topics wanted', 'QUESTION', 'topics', 'OFFERS', NULL, 'PREFER', 40),
  (3, 'Interests', 'QUESTION', 'interests', 'OVERLAP', NULL, 'PREFER', 25),
  (4, 'Time zones near', 'TIME_ZONE', NULL, 'WITHIN', 6, 'PREFER', 15)) AS rule (position, label, subject, question, comparison, at_most, strength, weight);

INSERT INTO rounds (id, organization_id, program_id, name, status, rolling, country_cap_percent, ends_on, opened_at, closed_at, created_at, updated_at)
SELECT pg_temp.id(7, n), pg_temp.id(1, 1), pg_temp.id(4, 1 + n / 13), 'Round ' || n, CASE WHEN n < 12 THEN 'COMPLETED' ELSE 'RUNNING' END, false, NULL, NULL,
  '2025-01-01'::timestamptz + n * interval '30 days', '2025-01-10'::timestamptz + n * interval '30 days',
  '2025-01-01'::timestamptz + n * interval '30 days', '2025-01-10'::timestamptz + n * interval '30 days'
FROM generate_series(1, 13) AS n;

CREATE TEMP TABLE places ON COMMIT DROP AS
  SELECT round, person, 1 AS program FROM generate_series(1, 12) AS round, generate_series(1, 10000) AS person
  UNION ALL SELECT 13, person, 2 FROM generate_series(10001, 50000) AS person;
INSERT INTO enrollments (id, organization_id, program_id, round_id, person_id, role, status, capacity, priority, about, wanted, paused_until, version, applied_at, created_at, updated_at)
SELECT pg_temp.id(8, round * 100000 + person), pg_temp.id(1, 1), pg_temp.id(4, program), pg_temp.id(7, round), pg_temp.id(2, person),
  CASE WHEN program = 1 THEN 'PEER' WHEN person % 3 = 0 THEN 'MENTOR' ELSE 'MENTEE' END,
  CASE WHEN program = 2 THEN (ARRAY['ACTIVE','ACTIVE','ACTIVE','ACCEPTED','WAITLISTED','WITHDRAWN'])[1 + person % 6]
       WHEN round < 12 THEN CASE WHEN person % 20 = 0 THEN 'WITHDRAWN' ELSE 'COMPLETED' END
       ELSE CASE WHEN person % 20 = 0 THEN 'PAUSED' ELSE 'ACTIVE' END END,
  1, 100, jsonb_build_object('topics', pg_temp.some_of(topics, person + round), 'field', ARRAY[pg_temp.one_of(fields, person)],
    'interests', pg_temp.some_of(topics, person * 3 + 1), 'hopes', ARRAY[pg_temp.one_of(hopes, person + round)]),
  jsonb_build_object('topics', pg_temp.some_of(topics, person * 5 + round)), NULL, 1, at, at, at + (person * 7919 % 10007) * interval '1 second'
FROM places, words, LATERAL (SELECT '2025-01-02'::timestamptz + round * interval '30 days' + person * interval '1 second' AS at) AS moment;

CREATE TEMP TABLE pairs ON COMMIT DROP AS
  SELECT round, a, 5001 + (a + round * 397) % 5000 AS b, (round - 1) * 5000 + a AS number
  FROM generate_series(1, 12) AS round, generate_series(1, 5000) AS a;
INSERT INTO matches (id, organization_id, program_id, round_id, run_id, origin, status, enrollment_a, enrollment_b, person_a, person_b, score, explanation,
  answer_a, answer_b, answered_a_at, answered_b_at, note, proposed_at, answer_by, activated_at, first_contact_at, ended_at, ended_by, end_reason, version, created_at, updated_at)
SELECT pg_temp.id(9, number), pg_temp.id(1, 1), pg_temp.id(4, 1), pg_temp.id(7, round), NULL, 'RUN',
  CASE WHEN round = 12 THEN 'ACTIVE' WHEN a % 10 = 0 THEN 'ENDED_EARLY' ELSE 'COMPLETED' END,
  pg_temp.id(8, round * 100000 + a), pg_temp.id(8, round * 100000 + b), pg_temp.id(2, a), pg_temp.id(2, b), score,
  jsonb_build_object('score', score, 'contributions', jsonb_build_array(
    jsonb_build_object('ground', jsonb_build_object('kind', 'SHARED_LANGUAGES', 'languages', ARRAY['en']), 'must', true, 'points', 0, 'out_of', 0),
    jsonb_build_object('ground', jsonb_build_object('kind', 'DIFFERENT_COUNTRIES', 'a', pg_temp.one_of(countries, a), 'b', pg_temp.one_of(countries, a + 5)), 'must', false, 'points', 200, 'out_of', 200),
    jsonb_build_object('ground', jsonb_build_object('kind', 'OFFERED', 'label', 'Topics', 'by_a', pg_temp.some_of(topics, a), 'by_b', pg_temp.some_of(topics, b)), 'must', false, 'points', 100 + a % 300, 'out_of', 400),
    jsonb_build_object('ground', jsonb_build_object('kind', 'SHARED_ANSWERS', 'label', 'Interests', 'values', pg_temp.some_of(topics, a + b)), 'must', false, 'points', b % 250, 'out_of', 250),
    jsonb_build_object('ground', jsonb_build_object('kind', 'HOURS_APART', 'hours', a % 7), 'must', false, 'points', 150, 'out_of', 150))),
  'ACCEPTED', 'ACCEPTED', at, at, NULL, at, NULL, at, at + interval '2 days',
  CASE WHEN round < 12 THEN at + interval '28 days' END, NULL, NULL, 3, at, at + interval '2 days'
FROM pairs, words, LATERAL (SELECT 450 + a % 300 + b % 250 AS score, '2025-01-11'::timestamptz + round * interval '30 days' AS at) AS fact;

INSERT INTO match_places (enrollment_id, place, organization_id, match_id)
SELECT enrollment, 0, pg_temp.id(1, 1), pg_temp.id(9, number) FROM pairs,
  LATERAL (VALUES (pg_temp.id(8, round * 100000 + a)), (pg_temp.id(8, round * 100000 + b))) AS side (enrollment) WHERE round = 12;
COMMIT;
VACUUM (ANALYZE);

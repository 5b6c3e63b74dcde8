-- What PostGraphile needs beside the tables: matches as one of the two sees them, and a round's numbers. Neither adds
-- nor hides anything, and the other servers do not use them.
CREATE VIEW participant_matches AS
  SELECT id, person_a AS viewer_id, person_b AS partner_id, enrollment_b AS partner_enrollment_id, 'A' AS side,
    status, score, explanation, proposed_at, created_at FROM matches
  UNION ALL
  SELECT id, person_b, person_a, enrollment_a, 'B', status, score, explanation, proposed_at, created_at FROM matches;
COMMENT ON VIEW participant_matches IS
  E'@primaryKey id,viewer_id\n@foreignKey (viewer_id) references people (id)|@foreignFieldName participantMatches\n@foreignKey (partner_id) references people (id)|@fieldName partner\n@foreignKey (partner_enrollment_id) references enrollments (id)|@fieldName partnerEnrollment';

CREATE FUNCTION rounds_statistics(round rounds) RETURNS jsonb STABLE LANGUAGE sql AS $$
  SELECT jsonb_build_object(
    'enrollments', (SELECT jsonb_object_agg(status, count) FROM
      (SELECT status, count(*) FROM enrollments WHERE round_id = round.id GROUP BY status) AS counted),
    'matches', (SELECT jsonb_object_agg(status, count) FROM
      (SELECT status, count(*) FROM matches WHERE round_id = round.id GROUP BY status) AS counted),
    'matched', (SELECT count(*) FROM enrollments WHERE round_id = round.id AND status = 'ACTIVE'
      AND id IN (SELECT enrollment_id FROM match_places)))
$$;

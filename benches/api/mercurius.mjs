// Mercurius over the same tables, as its documentation advises: JIT, a loader for everything that hangs under a list,
// prepared statements with a name, only the columns that are needed.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";
import { personOf } from "./bearer.mjs";

pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const pool = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: Number(process.env.BENCH_CONNECTIONS) });
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;

const schema = `
  type Query { viewer: Viewer  enrollments(first: Int!, roundId: ID!, status: String!): Enrollments  round(id: ID!): Round }
  type Viewer { person: Person  matches(first: Int!): [Match!]! }
  type Person { id: ID!  name: String!  headline: String  country: String  languages: [String!]!  externalId: String }
  type Match { id: ID!  status: String!  score: Int  proposedAt: String!  partner: Person  partnerSide: Side  explanation: Explanation }
  type Side { about: [Answer!]! }
  type Answer { key: String!  label: String!  values: [String!]! }
  type Explanation { score: Int!  contributions: [Contribution!]! }
  type Contribution { must: Boolean!  points: Int!  outOf: Int!  ground: Ground! }
  type Ground { kind: String!  label: String  shared: [String!]!  one: [String!]!  other: [String!]!  hours: Int }
  type Enrollments { totalCount: Int!  nodes: [Enrollment!]!  hasNextPage: Boolean! }
  type Enrollment { id: ID!  role: String!  status: String!  priority: Int!  updatedAt: String!  person: Person! }
  type Round { name: String!  status: String!  statistics: Statistics! }
  type Statistics { enrollments: [Count!]!  matches: [Count!]!  matched: Int!  unmatched: Int! }
  type Count { status: String!  count: Int! }
`;

function ground({ kind, label = null, languages, values, a, b, by_a, by_b, country, hours = null }, turned) {
  const [one = [], other = []] = [by_a ?? [a ?? []].flat(), by_b ?? [b ?? []].flat()];
  const shared = languages ?? values ?? (country ? [country] : []);
  return { kind, label, shared, one: turned ? other : one, other: turned ? one : other, hours };
}

const resolvers = {
  Query: {
    viewer: (_, __, { personId }) => ({ personId }),
    round: async (_, { id }) => (await rows("round", "SELECT id, name, status FROM rounds WHERE id = $1", [id]))[0],
    enrollments: async (_, { first, roundId, status }) => {
      const found = await rows("enrollments", `SELECT id, role, status, priority, updated_at, person_id FROM enrollments
        WHERE round_id = $1 AND status = $2 ORDER BY updated_at DESC, id DESC LIMIT $3`, [roundId, status, first + 1]);
      return { nodes: found.slice(0, first), hasNextPage: found.length > first, roundId, status };
    },
  },
  Viewer: {
    person: async ({ personId }) => (await rows("viewer", "SELECT id, name, headline, country, languages FROM people WHERE id = $1", [personId]))[0],
    matches: async ({ personId }, { first }) => rows("matches", `SELECT id, status, score, proposed_at, explanation, program_id,
        person_a = $1 AS is_a, CASE WHEN person_a = $1 THEN person_b ELSE person_a END AS partner_id,
        CASE WHEN person_a = $1 THEN enrollment_b ELSE enrollment_a END AS partner_enrollment_id
      FROM matches WHERE person_a = $1 OR person_b = $1 ORDER BY created_at DESC, id DESC LIMIT $2`, [personId, first]),
  },
  Match: {
    proposedAt: (found) => found.proposed_at.toISOString(),
    explanation: ({ explanation, is_a }) => ({
      score: explanation.score,
      contributions: explanation.contributions.map((found) => ({
        must: found.must, points: found.points, outOf: found.out_of, ground: ground(found.ground, !is_a),
      })),
    }),
  },
  Enrollment: { updatedAt: (found) => found.updated_at.toISOString() },
  Enrollments: {
    totalCount: async ({ roundId, status }) =>
      (await rows("count", "SELECT count(*) FROM enrollments WHERE round_id = $1 AND status = $2", [roundId, status]))[0].count,
  },
  Round: {
    statistics: async ({ id }) => {
      const [enrollments, matches, [{ count: matched }]] = await Promise.all([
        rows("enrolled", "SELECT status, count(*) FROM enrollments WHERE round_id = $1 GROUP BY status", [id]),
        rows("matched", "SELECT status, count(*) FROM matches WHERE round_id = $1 GROUP BY status", [id]),
        rows("seated", `SELECT count(*) FROM enrollments WHERE round_id = $1 AND status = 'ACTIVE'
          AND id IN (SELECT enrollment_id FROM match_places)`, [id]),
      ]);
      const active = enrollments.find(({ status }) => status === "ACTIVE")?.count ?? 0;
      return { enrollments, matches, matched, unmatched: active - matched };
    },
  },
};

/** A loader of one row each, found by an id. */
const byId = (name, text, key) => async (queries) => {
  const found = await rows(name, text, [[...new Set(queries.map(({ obj }) => obj[key]))]]);
  const index = new Map(found.map((row) => [row.id, row]));
  return queries.map(({ obj }) => index.get(obj[key]));
};

async function partnerSides(queries) {
  const objects = queries.map(({ obj }) => obj);
  const [sides, questions] = await Promise.all([
    rows("sides", "SELECT id, about FROM enrollments WHERE id = ANY($1)", [objects.map((found) => found.partner_enrollment_id)]),
    rows("questions", "SELECT program_id, key, label FROM questions WHERE program_id = ANY($1) ORDER BY position",
      [[...new Set(objects.map((found) => found.program_id))]]),
  ]);
  const about = new Map(sides.map((side) => [side.id, side.about]));
  return objects.map((found) => {
    const given = about.get(found.partner_enrollment_id);
    const asked = questions.filter(({ program_id, key }) => program_id === found.program_id && given[key]);
    return { about: asked.map(({ key, label }) => ({ key, label, values: given[key] })) };
  });
}

const loaders = {
  Match: {
    partner: byId("partners", "SELECT id, name, headline, country, languages FROM people WHERE id = ANY($1)", "partner_id"),
    partnerSide: { loader: partnerSides, opts: { cache: false } },
  },
  Enrollment: {
    person: byId("people", `SELECT id, name, headline, country, external_id AS "externalId" FROM people WHERE id = ANY($1)`, "person_id"),
  },
};
loaders.Match.partner = { loader: loaders.Match.partner, opts: { cache: false } };
loaders.Enrollment.person = { loader: loaders.Enrollment.person, opts: { cache: false } };

const app = Fastify({ logger: false, keepAliveTimeout: 75_000 });
await app.register(mercurius, {
  schema, resolvers, loaders, jit: 1, graphiql: false,
  context: (request) => ({ personId: personOf(request.headers.authorization) }),
});
await app.listen({ port: Number(process.env.BENCH_PORT), host: "127.0.0.1" });

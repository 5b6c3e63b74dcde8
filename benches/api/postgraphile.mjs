// PostGraphile over the same tables, as its documentation sets it up: the amber preset, its own pool, and a `viewer` by plan.
import { createServer } from "node:http";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { context } from "postgraphile/grafast";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";
import { extendSchema, gql } from "postgraphile/utils";
import { personOf } from "./bearer.mjs";

const viewer = extendSchema((build) => {
  const { people } = build.input.pgRegistry.pgResources;
  return {
    typeDefs: gql`extend type Query { viewer: ${build.inflection.tableType(people.codec)} }`,
    objects: { Query: { plans: { viewer: () => people.get({ id: context().get("personId") }) } } },
  };
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [viewer],
  pgServices: [makePgService({
    connectionString: process.env.BENCH_DATABASE,
    schemas: ["public"],
    poolConfig: { max: Number(process.env.BENCH_CONNECTIONS) },
  })],
  grafast: { explain: false, context: ({ node }) => ({ personId: personOf(node.req.headers.authorization) }) },
  grafserv: { watch: false, graphqlPath: "/graphql", graphiql: false },
});

if (process.argv.includes("--schema")) {
  const { printSchema } = await import("graphql");
  console.log(printSchema(await instance.getSchema()));
  await instance.release();
} else {
  const server = createServer();
  server.keepAliveTimeout = 75_000;
  await instance.createServ(grafserv).addTo(server);
  server.listen(Number(process.env.BENCH_PORT), "127.0.0.1");
}

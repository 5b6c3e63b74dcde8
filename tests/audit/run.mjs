// Runs the public audit of GraphQL over HTTP against a running server: node run.mjs http://127.0.0.1:8080/graphql
// Prints every check that does not pass and then one line of counts; anything but `ok` ends with status 1.

import { serverAudits } from 'graphql-http';

const url = process.argv[2];
if (!url) {
  console.error('usage: node run.mjs <address of the GraphQL endpoint>');
  process.exit(2);
}

const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const { id, name, fn } of serverAudits({ url, fetchFn: fetch })) {
  const result = await fn();
  counts[result.status] += 1;
  if (result.status !== 'ok') console.log(`${result.status} ${id} ${name}: ${result.reason}`);
  // An answer that nobody reads keeps its connection busy.
  await result.response?.body?.cancel().catch(() => {});
}
console.log(Object.entries(counts).map(([status, count]) => `${count} ${status}`).join(', '));
process.exit(counts.ok > 0 && counts.notice + counts.warn + counts.error === 0 ? 0 : 1);

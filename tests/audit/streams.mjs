// Listens to one match run with the clients that others use: node streams.mjs <endpoint> <token> <id of a match run>
// Prints `ready` when both have heard of it, and in the end one line of JSON with what each of them saw.

import { createClient as overEvents } from 'graphql-sse';
import { createClient as overSocket } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, run] = process.argv.slice(2);
if (!run) {
  console.error('usage: node streams.mjs <endpoint> <token> <id of a match run>');
  process.exit(2);
}

const question = { query: 'subscription ($id: ID!) { matchRunProgress(runId: $id) { status } }', variables: { id: run } };
const authorization = `Bearer ${token}`;
const socketUrl = url.replace(/^http/, 'ws');
const socket = overSocket({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 });
const events = overEvents({ url, headers: { authorization }, retryAttempts: 0 });

const seen = { socket: [], events: [] };

/** Every answer to a question, until the server says that there is no more. */
async function listen(name, client, first) {
  for await (const answer of client.iterate(question)) {
    if (answer.errors) throw new Error(`${name}: ${JSON.stringify(answer.errors)}`);
    seen[name].push(answer.data.matchRunProgress.status);
    first();
  }
}

/** What a client makes of a question that has one answer, or none. */
async function once(client, query) {
  try {
    for await (const answer of client.iterate({ query })) return answer;
  } catch (error) {
    return { thrown: Array.isArray(error) ? error[0].extensions.code : error.code ?? String(error) };
  }
  return { thrown: 'nothing came' };
}

let waiting = 2;
const first = (name) => () => {
  if (seen[name].length === 1 && (waiting -= 1) === 0) console.log('ready');
};
await Promise.all([listen('socket', socket, first('socket')), listen('events', events, first('events'))]);

const query = '{ viewer { person { name } } }';
const stranger = overSocket({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization: 'Bearer x' }, retryAttempts: 0 });
console.log(JSON.stringify({
  ...seen,
  answers: [await once(socket, query), await once(events, query)],
  refused: [await once(socket, '{ nothing }'), await once(events, '{ nothing }')],
  closed: await once(stranger, query),
}));
await socket.dispose();
events.dispose();
process.exit(0);

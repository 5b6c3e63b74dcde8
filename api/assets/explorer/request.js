// One GraphQL request over HTTP, and everything worth saying about how it went.

const ask = ({ query, variables, operationName, token, signal }, accept) => fetch('/graphql', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Accept: accept, ...(token ? { Authorization: `Bearer ${token}` } : {}) },
  body: JSON.stringify({ query, variables, operationName }),
  // Only the bearer token may say who is asking.
  credentials: 'omit',
  cache: 'no-store',
  signal,
});

const outcomeOf = (response, token, started, text, size) => {
  const outcome = {
    kind: 'answer',
    anonymous: !token,
    status: response.status,
    statusText: response.statusText,
    contentType: response.headers.get('Content-Type') ?? '',
    retryAfter: response.headers.get('Retry-After'),
    requestId: response.headers.get('X-Request-Id'),
    text,
    size,
    ms: performance.now() - started,
  };
  try {
    outcome.body = JSON.parse(outcome.text);
  } catch {
    outcome.kind = 'not-json';
  }
  if (outcome.kind === 'answer' && (outcome.body === null || typeof outcome.body !== 'object')) outcome.kind = 'not-json';
  return outcome;
};

const whole = async (response, token, started) => {
  const bytes = await response.arrayBuffer();
  return outcomeOf(response, token, started, new TextDecoder().decode(bytes), bytes.byteLength);
};

const broken = (error, started) => ({ kind: error.name === 'AbortError' ? 'canceled' : 'unreachable', ms: performance.now() - started });

/** Never throws: the server being gone, or answering with something else than JSON, are outcomes like any other. */
export async function send(request) {
  const started = performance.now();
  try {
    return await whole(await ask(request, 'application/graphql-response+json'), request.token, started);
  } catch (error) {
    return broken(error, started);
  }
}

/** Follows a subscription as server-sent events and tells the outcome of each. Never throws; the last outcome comes back. */
export async function follow(request, tell) {
  const started = performance.now();
  let last = null;
  try {
    const response = await ask(request, 'text/event-stream');
    if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) return await whole(response, request.token, started);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
      const { value, done } = await reader.read();
      if (done) return last;
      text += value;
      const events = text.split('\n\n');
      text = events.pop();
      for (const event of events) {
        const data = event.match(/^data: (.*)$/m)?.[1];
        if (!data || !event.startsWith('event: next')) continue;
        last = outcomeOf(response, request.token, started, data, new TextEncoder().encode(data).byteLength);
        tell(last);
      }
    }
  } catch (error) {
    return last ?? broken(error, started);
  }
}

export const errorsOf = (outcome) => (Array.isArray(outcome.body?.errors) ? outcome.body.errors : []);

export const succeeded = (outcome) => outcome.kind === 'answer' && outcome.status < 400 && errorsOf(outcome).length === 0;

/** What to tell the reader when the trouble is with the request as a whole: `[tone, title, advice]`, or nothing. */
export function trouble(outcome) {
  if (outcome.kind === 'canceled') return ['warn', 'Canceled', 'The request was stopped here. A mutation may still have been carried out.'];
  if (outcome.kind === 'unreachable') return ['danger', 'The server did not answer', 'It may have stopped, or the connection was lost. Your query is kept; run it again once the server is back.'];
  if (outcome.kind === 'not-json') return ['danger', 'The answer is not JSON', `Something between this page and the API, such as a proxy, may have answered instead. It sent ${outcome.contentType || 'no content type'}:`];
  if (outcome.status === 401 && outcome.anonymous) return ['danger', 'An access token is needed', 'Choose or paste one at the top of the page.'];
  return {
    401: ['danger', 'The token was not accepted', 'It may be mistyped, expired or revoked. Choose or paste another one at the top of the page.'],
    403: ['danger', 'This token may not do that', 'The API knows the token, but its role or scopes do not cover this request.'],
    413: ['danger', 'The request is too large', 'Shorten the query or its variables.'],
    429: ['warn', 'Too many requests', outcome.retryAfter ? `The API asks to wait ${/^\d+$/.test(outcome.retryAfter) ? `${outcome.retryAfter} seconds` : `until ${outcome.retryAfter}`}.` : 'Wait a little and run it again.'],
  }[outcome.status] ?? (outcome.status >= 500 ? ['danger', 'The server failed', 'The fault is not in your query. Quote the request id when you report it.'] : null);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same request for a terminal. The token stays out, so that the command can be shared. */
export function curl({ query, variables, operationName, token }) {
  return [
    `curl ${quoted(`${location.origin}/graphql`)}`,
    `-H 'Content-Type: application/json'`,
    `-H 'Accept: application/graphql-response+json'`,
    ...(token ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    `--data ${quoted(JSON.stringify({ query, variables, operationName }))}`,
  ].join(' \\\n  ');
}

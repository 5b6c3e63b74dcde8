// One GraphQL request over HTTP, and everything worth saying about how it went.

/** Never throws: the server being gone, or answering with something else than JSON, are outcomes like any other. */
export async function send({ query, variables, operationName, token, signal }) {
  const started = performance.now();
  const headers = { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables, operationName }),
      // Only the bearer token may say who is asking.
      credentials: 'omit',
      cache: 'no-store',
      signal,
    });
    const bytes = await response.arrayBuffer();
    const outcome = {
      kind: 'answer',
      anonymous: !token,
      status: response.status,
      statusText: response.statusText,
      contentType: response.headers.get('Content-Type') ?? '',
      retryAfter: response.headers.get('Retry-After'),
      requestId: response.headers.get('X-Request-Id'),
      text: new TextDecoder().decode(bytes),
      size: bytes.byteLength,
      ms: performance.now() - started,
    };
    try {
      outcome.body = JSON.parse(outcome.text);
    } catch {
      outcome.kind = 'not-json';
    }
    if (outcome.kind === 'answer' && (outcome.body === null || typeof outcome.body !== 'object')) outcome.kind = 'not-json';
    return outcome;
  } catch (error) {
    return { kind: error.name === 'AbortError' ? 'canceled' : 'unreachable', ms: performance.now() - started };
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

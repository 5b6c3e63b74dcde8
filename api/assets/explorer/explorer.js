// Puts the page together: what is asked, as whom, and where the answer goes.

import { byId, copy, debounce, remember, remembered, tabs } from '/assets/dom.js';
import { Docs } from './docs.js';
import { Editor } from './editor.js';
import { History, showExamples } from './guide.js';
import { GRAPHQL, JSON_TEXT, depthAt, operations } from './language.js';
import { splitters } from './layout.js';
import { curl, follow, send, succeeded } from './request.js';
import { Result } from './result.js';
import { fetchSchema } from './schema.js';
import { fieldLines, operation } from './skeleton.js';
import { Tokens } from './tokens.js';

const STATE_KEY = 'counterpart.explorer';
const WELCOME = '# Press Ctrl Enter to run this query.\n{\n  __typename\n}\n';

const state = { sizes: {}, ...remembered(STATE_KEY, {}) };
const save = debounce(300, () => remember(STATE_KEY, state));
const runButton = byId('run');
let running = null;

const query = new Editor(byId('query-editor'), GRAPHQL, (text) => { state.query = text; save(); nameRunSoon(); });
const variables = new Editor(byId('variables-editor'), JSON_TEXT, (text) => { state.variables = text; save(); readVariables(); });
const result = new Result((line, column) => query.goTo(line, column));
const tokens = new Tokens(() => { state.token = tokens.key; save(); if (!docs.schema) loadSchema(); });
const docs = new Docs({ insert, reload: loadSchema });
const history = new History((entry) => { ask(entry.query, entry.variables); tokens.choose(entry.tokenKey); });
const side = tabs(byId('side-tabs'), (name) => { state.side = name; save(); });

function note(text = '') {
  byId('edit-note').textContent = text;
}

/** Puts a question into the editors. */
function ask(text, values) {
  variables.fill(values);
  query.fill(text.endsWith('\n') ? text : `${text}\n`);
  note();
}

/** The variables as an object, or `null` after saying what is wrong with them. */
function readVariables() {
  const problem = byId('variables-problem');
  let value = {};
  let message = '';
  try {
    value = variables.text.trim() ? JSON.parse(variables.text) : {};
    if (value === null || typeof value !== 'object' || Array.isArray(value)) message = 'Variables must be one JSON object, such as { "first": 10 }.';
  } catch (error) {
    message = `Not valid JSON: ${error.message.replace(/^JSON\.parse: /, '')}`;
  }
  problem.textContent = message;
  problem.title = message;
  variables.area.setAttribute('aria-invalid', message !== '');
  return message ? null : value;
}

/** Of several operations the one at the caret runs, else the first. */
function chosenOperation() {
  const all = operations(query.text);
  return { all, chosen: all.find(({ start, end }) => query.caret >= start && query.caret <= end) ?? all[0] };
}

const nameRunSoon = debounce(100, () => nameRun());

function nameRun() {
  const { all, chosen } = chosenOperation();
  runButton.textContent = running ? 'Cancel' : all.length > 1 && chosen?.name ? `Run ${chosen.name}` : 'Run';
}

function request() {
  const values = readVariables();
  const { chosen } = chosenOperation();
  return values && { query: query.text, variables: values, operationName: chosen?.name ?? undefined, token: tokens.token, chosen };
}

async function run() {
  if (running) return running.abort();
  const asked = request();
  if (!asked) return variables.area.focus();
  if (!asked.query.trim()) return note('Write a query first.');
  note();
  running = new AbortController();
  nameRun();
  result.wait();
  const listens = asked.chosen?.kind === 'subscription';
  if (listens) note('Listening: each event replaces the one before, until you press Cancel.');
  const question = { ...asked, signal: running.signal };
  const outcome = await (listens ? follow(question, (event) => result.show(event)) : send(question)) ?? { kind: 'canceled', ms: 0 };
  running = null;
  nameRun();
  if (listens) note('The stream is over.');
  result.show(outcome);
  history.add({
    at: Date.now(), name: asked.chosen?.name ?? asked.query.trim().replace(/\s+/g, ' ').slice(0, 60), query: asked.query, variables: variables.text,
    tokenKey: tokens.key, tokenLabel: tokens.label, status: outcome.status ?? 0, ms: outcome.ms, failed: !succeeded(outcome),
  });
}

/** Adds what a reader of the schema chose: an operation of its own, or a field where the caret is. */
function insert(type, field) {
  const kind = docs.schema.rootKind(type.name);
  note();
  if (kind && depthAt(query.text, query.caret) === 0) return insertOperation(kind, field);
  if (depthAt(query.text, query.caret) === 0) return note(`Put the cursor inside a selection of ${type.name} first.`);
  const { text, caret } = query;
  const start = text.lastIndexOf('\n', caret - 1) + 1;
  const line = text.slice(start, caret);
  // As deep as the line begins, and deeper by what the line has opened and not closed.
  const opened = Math.max(0, line.split('{').length - line.split('}').length);
  const margin = line.match(/^\s*/)[0] + '  '.repeat(opened);
  const rest = /^[ \t]*(?=\n|$)/.test(text.slice(caret)) ? '' : `\n${margin.slice(/^\s*\}/.test(text.slice(caret)) ? 2 : 0)}`;
  const lines = fieldLines(docs.schema, field).join(`\n${margin}`);
  const blank = line.trim() === '';
  query.replace(blank ? start : caret, caret, `${blank ? '' : '\n'}${margin}${lines}${rest}`);
}

function insertOperation(kind, field) {
  // The welcome text, or nothing but comments, gives way; anything else stays and the new operation joins it.
  const before = operations(query.text);
  const replaces = before.length === 0 || query.text === WELCOME;
  let text = replaces ? '' : query.text;
  const taken = new Set(before.map(({ name }) => name));
  const free = (wanted) => {
    let name = wanted;
    for (let at = 2; taken.has(name); at += 1) name = `${wanted}${at}`;
    taken.add(name);
    return name;
  };
  // Beside a second operation an anonymous one would be invalid, so it gets a name.
  for (const { name, kind: its, head, start } of replaces ? [] : [...before].reverse()) {
    if (!name) text = `${text.slice(0, head)}${head === start ? `${its} ` : ' '}${free('Unnamed')}${head === start ? ' ' : ''}${text.slice(head)}`;
  }
  const made = operation(docs.schema, kind, field, free(field.name[0].toUpperCase() + field.name.slice(1)));
  const known = readVariables();
  if (!known) note('The variables are not valid JSON, so they were left alone.');
  else if (Object.keys(made.variables).length || replaces) {
    const values = replaces ? made.variables : { ...made.variables, ...known };
    variables.fill(Object.keys(values).length ? `${JSON.stringify(values, null, 2)}\n` : '');
  }
  const lead = text.trim() ? `${text.trimEnd()}\n\n` : '';
  query.replace(0, query.text.length, lead + made.text, lead.length);
  nameRun();
}

async function loadSchema() {
  docs.show(await fetchSchema(tokens.token));
}

async function start() {
  splitters(state.sizes, save);
  query.load(state.query ?? WELCOME);
  variables.load(state.variables ?? '');
  readVariables();
  nameRun();

  let samples = { tokens: [], queries: [], mailbox: null };
  let problem = null;
  try {
    const response = await fetch('/explorer/samples.json', { credentials: 'omit', cache: 'no-store' });
    if (response.ok) samples = { ...samples, ...await response.json() };
    // Without samples, as in production, one brings one's own token.
    else if (response.status !== 404) problem = `The server answered ${response.status}. Paste an access token at the top of the page, or reload.`;
  } catch {
    problem = 'The server did not answer. Reload the page once it is back.';
  }
  tokens.offer(samples.tokens, state.token);
  if (samples.mailbox) {
    byId('mailbox-link').href = new URL(samples.mailbox, location.origin).pathname;
    byId('mailbox-link').hidden = false;
  }
  const pick = (example) => {
    tokens.chooseRole(example.role);
    state.token = tokens.key;
    ask(example.query, Object.keys(example.variables ?? {}).length ? `${JSON.stringify(example.variables, null, 2)}\n` : '');
  };
  showExamples(samples.queries, problem, pick);
  side.select(location.hash.length > 1 ? 'docs' : state.side ?? (samples.queries.length ? 'examples' : 'docs'));
  // On the first visit the first example is ready to run.
  if (state.query === undefined && samples.queries.length) pick(samples.queries[0]);
  await loadSchema();
}

runButton.addEventListener('click', run);
byId('copy-curl').addEventListener('click', (event) => {
  const asked = request();
  if (asked) copy(curl(asked), event.target);
});
addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (!running) run();
  }
});
addEventListener('hashchange', () => { if (location.hash.length > 1) side.select('docs'); });
document.addEventListener('selectionchange', () => { if (document.activeElement === query.area) nameRunSoon(); });
addEventListener('pagehide', () => remember(STATE_KEY, state));
start();

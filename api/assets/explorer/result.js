// The answer of the server: errors first, then the data as a tree, as a table where it is a list, and as text.

import { byId, clipped, copy, count, h, tabs } from '/assets/dom.js';
import { errorsOf, succeeded, trouble } from './request.js';
import { findTables, tableView } from './table.js';
import { treeView } from './tree.js';

export class Result {
  constructor(goTo) {
    this.goTo = goTo;
    this.tabs = tabs(byId('result-tabs'), (name) => this.open(name));
    this.panels = { tree: byId('panel-tree'), table: byId('panel-table'), raw: byId('panel-raw') };
    this.line = byId('outcome');
    this.copyButton = byId('copy-result');
    this.copyButton.addEventListener('click', () => copy(this.raw, this.copyButton));
    this.panels.tree.append(h('div', { class: 'empty' },
      h('h2', {}, 'Ask your first question'),
      h('p', {}, 'Pick an example on the left, or write a query, then press Run. The answer appears here.'),
      h('p', {}, 'Every type and field is explained under Schema; Insert writes a query for you.')));
    this.tabs.select('tree');
  }

  wait() {
    this.line.replaceChildren(h('span', {}, 'Waiting for the answer'));
  }

  show(outcome) {
    this.outcome = outcome;
    this.raw = outcome.body === undefined ? outcome.text ?? '' : JSON.stringify(outcome.body, null, 2);
    this.tables = outcome.body?.data ? findTables(outcome.body.data) : [];
    this.shown = new Set();
    this.copyButton.disabled = !this.raw;
    this.tabs.tab('raw').disabled = !this.raw;
    this.tabs.tab('table').disabled = this.tables.length === 0;
    this.line.replaceChildren(...summary(outcome));
    const wanted = this.tabs.current;
    const usable = !this.tabs.tab(wanted).disabled && errorsOf(outcome).length === 0;
    this.tabs.select(usable ? wanted : 'tree');
  }

  /** A view is made when it is first looked at: most answers are only ever read one way. */
  open(name) {
    if (!this.outcome || this.shown.has(name)) return;
    this.shown.add(name);
    const panel = this.panels[name];
    panel.scrollTop = 0;
    if (name === 'tree') panel.replaceChildren(...this.tree());
    if (name === 'table') panel.replaceChildren(...tableView(this.tables));
    if (name === 'raw') {
      const [text, cut] = clipped(this.raw);
      panel.replaceChildren(h('pre', {}, text));
      if (cut) panel.prepend(h('p', { class: 'notice' }, 'This answer is long, so only its beginning is shown. Copy gives all of it.'));
    }
  }

  tree() {
    const { outcome } = this;
    const parts = [];
    const problem = trouble(outcome);
    if (problem) {
      const [tone, title, advice] = problem;
      parts.push(h('div', { class: `notice ${tone}`, role: 'alert' },
        h('h3', {}, title), h('p', {}, advice),
        outcome.kind === 'not-json' && h('pre', {}, clipped(outcome.text, 2_000)[0] || '(empty)')));
    }
    parts.push(...errorsOf(outcome).slice(0, 20).map((error) => this.error(error)));
    if (errorsOf(outcome).length > 20) parts.push(h('p', { class: 'notice' }, `${errorsOf(outcome).length - 20} more errors are in the raw answer.`));
    if (outcome.kind === 'answer') {
      const { errors, ...rest } = outcome.body;
      // `data: null` beside errors says nothing the errors have not said.
      if (errors && rest.data === null) delete rest.data;
      parts.push(treeView(rest));
    }
    return parts;
  }

  error(error) {
    const facts = [];
    const code = error?.extensions?.code;
    const requestId = error?.extensions?.requestId ?? this.outcome.requestId;
    if (code) facts.push(h('span', {}, 'Code ', h('code', {}, String(code))));
    if (Array.isArray(error?.path)) facts.push(h('span', {}, 'At ', h('code', {}, error.path.join('.'))));
    for (const { line, column } of Array.isArray(error?.locations) ? error.locations.slice(0, 3) : []) {
      facts.push(h('button', { class: 'plain', onclick: () => this.goTo(line, column) }, `Line ${line}, column ${column}`));
    }
    if (requestId) {
      const button = h('button', { class: 'plain', 'aria-label': 'Copy the request id', onclick: () => copy(String(requestId), button) }, 'Copy');
      facts.push(h('span', {}, 'Request id ', h('code', {}, String(requestId)), button));
    }
    return h('div', { class: 'notice danger', role: 'alert' },
      h('h3', {}, String(error?.message ?? 'An error without a message')), h('div', { class: 'facts' }, facts));
  }
}

function summary(outcome) {
  const parts = [];
  if (outcome.status) parts.push(h('b', { class: succeeded(outcome) ? 'good' : 'bad' }, `${outcome.status} ${outcome.statusText}`.trim()));
  else parts.push(h('b', { class: 'bad' }, outcome.kind === 'canceled' ? 'Canceled' : 'No answer'));
  const errors = errorsOf(outcome).length;
  if (errors) parts.push(h('span', { class: 'bad' }, count(errors, 'error')));
  parts.push(h('span', {}, duration(outcome.ms)));
  if (outcome.size !== undefined) parts.push(h('span', {}, size(outcome.size)));
  const cost = outcome.body?.extensions?.cost;
  const points = typeof cost === 'object' ? cost?.requested ?? cost?.actual ?? cost?.total : cost;
  if (Number.isFinite(points)) parts.push(h('span', {}, `Cost ${points}`));
  return parts;
}

export const duration = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const size = (bytes) => (bytes < 1_000 ? `${bytes} B` : bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

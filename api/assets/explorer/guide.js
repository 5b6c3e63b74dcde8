// The left side's two lists: the examples the server offers, and what has been run from this browser.

import { byId, h, remember, remembered } from '/assets/dom.js';
import { duration } from './result.js';

const HISTORY_KEY = 'counterpart.explorer.history';
const HISTORY_LENGTH = 20;
const KEPT_TEXT = 100_000;

const roleName = (role) => (role ? role[0].toUpperCase() + role.slice(1).toLowerCase().replaceAll('_', ' ') : 'Anyone');

export function showExamples(queries, problem, onPick) {
  const groups = grouped(queries);
  const parts = [...groups].flatMap(([role, list]) => [
    h('h3', { class: 'group' }, roleName(role)),
    ...list.map((query) => h('button', { class: 'pick', onclick: () => onPick(query) }, query.title)),
  ]);
  byId('panel-examples').replaceChildren(...(parts.length ? parts : [h('div', { class: 'notice' }, h('h3', {}, problem ? 'The examples could not be read' : 'No examples here'),
    h('p', {}, problem ?? 'This server offers no sample tokens or queries. Paste an access token at the top of the page, then start from the schema.'))]));
}

function grouped(queries) {
  const groups = new Map();
  for (const query of queries) groups.set(query.role ?? '', [...(groups.get(query.role ?? '') ?? []), query]);
  return groups;
}

export class History {
  constructor(onPick) {
    this.onPick = onPick;
    this.render();
  }

  /** Tokens are never part of an entry, only the name of the choice. */
  add(entry) {
    if (entry.query.length + entry.variables.length > KEPT_TEXT) return;
    const older = remembered(HISTORY_KEY, []).filter((each) => each.query !== entry.query || each.variables !== entry.variables || each.tokenKey !== entry.tokenKey);
    remember(HISTORY_KEY, [entry, ...older].slice(0, HISTORY_LENGTH));
    this.render();
  }

  render() {
    const entries = remembered(HISTORY_KEY, []);
    const time = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
    byId('panel-history').replaceChildren(
      ...entries.map((entry) => h('button', { class: 'pick', onclick: () => this.onPick(entry) }, entry.name,
        h('span', { class: 'small' }, h('span', { class: entry.failed ? 'failed' : null }, entry.status || 'No answer'), ` · ${duration(entry.ms)} · ${time.format(entry.at)}`),
        h('span', { class: 'small' }, entry.tokenLabel))),
      entries.length
        ? h('button', { class: 'plain', onclick: () => { remember(HISTORY_KEY, []); this.render(); } }, 'Clear history')
        : h('p', { class: 'soft' }, 'The last 20 runs are listed here, in this browser only.'));
  }
}

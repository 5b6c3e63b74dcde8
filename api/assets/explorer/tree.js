// JSON as a tree that opens and closes. Branches are built when they open and long lists in pages,
// so an answer of many thousand values costs no more than what is looked at.

import { count, h } from '/assets/dom.js';

const PAGE = 100;
const OPEN_AT_FIRST = 400;
const LONG_TEXT = 1_000;

/** The members of an answer; `extensions` and the like stay closed, since `data` is what was asked for. */
export function treeView(members) {
  const budget = { left: OPEN_AT_FIRST };
  return h('div', { class: 'tree' }, Object.entries(members).map(([key, value]) => branch(key, value, 0, key === 'data' ? budget : { left: 0 })));
}

const isBranch = (value) => value !== null && typeof value === 'object';

function branch(key, value, depth, budget) {
  const label = [h('span', { class: typeof key === 'number' ? 'soft' : 't-key' }, String(key)), ': '];
  if (!isBranch(value) || isShortList(value)) return h('div', { class: 'leaf' }, label, leaf(value));
  const entries = Array.isArray(value) ? value.map((each, at) => [at, each]) : Object.entries(value);
  if (entries.length === 0) return h('div', { class: 'leaf' }, label, h('span', { class: 'preview' }, Array.isArray(value) ? '[ ] empty' : '{ } empty'));

  const inside = h('div');
  const details = h('details', {}, h('summary', {}, label,
    h('span', { class: 'soft' }, Array.isArray(value) ? count(entries.length, 'item') : ''),
    Array.isArray(value) ? null : h('span', { class: 'preview' }, preview(entries))), inside);
  const fill = (from, share) => {
    for (const [name, each] of entries.slice(from, from + PAGE)) inside.append(branch(name, each, depth + 1, share));
    const left = entries.length - from - PAGE;
    if (left > 0) {
      inside.append(h('button', { class: 'plain', onclick: (event) => {
        event.target.remove();
        fill(from + PAGE, { left: 0 });
      } }, `Show ${Math.min(left, PAGE)} more of ${left.toLocaleString('en')}`));
    }
  };
  const cost = Math.min(entries.length, PAGE);
  if (depth < 8 && (depth < 3 || cost <= budget.left) && budget.left > 0) {
    budget.left -= cost;
    details.open = true;
    fill(0, budget);
  } else {
    details.addEventListener('toggle', () => fill(0, { left: 40 }), { once: true });
  }
  return details;
}

const isShortList = (value) => Array.isArray(value) && value.length > 0 && value.length <= 8 && value.every((each) => !isBranch(each)) && JSON.stringify(value).length < 80;

function leaf(value) {
  if (Array.isArray(value)) return ['[', value.map((each, at) => [at ? ', ' : '', leaf(each)]), ']'];
  if (typeof value !== 'string') return h('span', { class: typeof value === 'number' ? 't-number' : 't-literal' }, String(value));
  if (value.length <= LONG_TEXT) return h('span', { class: 't-string' }, JSON.stringify(value));
  const text = h('span', { class: 't-string' }, JSON.stringify(value.slice(0, LONG_TEXT)));
  const more = h('button', { class: 'plain', onclick: () => {
    text.textContent = JSON.stringify(value);
    more.remove();
  } }, `Show all ${value.length.toLocaleString('en')} characters`);
  return h('span', {}, text, more);
}

/** What is inside a closed branch, so that it need not be opened to be told apart. */
function preview(entries) {
  const told = entries.filter(([, value]) => value !== null && !isBranch(value)).slice(0, 3)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : value}`);
  return told.length ? `{ ${told.join(', ')}${told.length < entries.length ? ', …' : ''} }` : `{ ${count(entries.length, 'field')} }`;
}

// Lists of objects as tables. Only the rows in sight exist in the page, so 5,000 rows scroll like 50.

import { count, h } from '/assets/dom.js';

const ROW = 30;
const AROUND = 12;
const COLUMNS = 60;

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Every list of objects in the answer, nearest first; a connection's edges count as the list of their nodes. */
export function findTables(data) {
  const found = [];
  const visit = (value, path, depth) => {
    if (Array.isArray(value)) {
      if (value.length && value.slice(0, 20).every((row) => row === null || isObject(row)) && value.some(isObject)) {
        const edges = value.every((row) => row === null || 'node' in row);
        found.push({ path: path.join('.'), rows: edges ? value.map((row) => row?.node ?? null) : value });
      }
    } else if (isObject(value) && depth < 8) {
      for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name], depth + 1);
    }
  };
  visit(data, [], 0);
  return found.filter(({ rows }) => rows.some((row) => isObject(row) && Object.keys(row).length)).slice(0, 50);
}

export function tableView(tables) {
  const place = h('div', { class: 'grow' });
  place.style.display = 'contents';
  const show = (at) => place.replaceChildren(rowsOf(tables[at]));
  const names = tables.map(({ path, rows }) => `${path || 'data'} (${count(rows.length, 'row')})`);
  show(0);
  const choice = tables.length > 1
    ? h('label', { class: 'choice' }, 'List', h('select', { onchange: (event) => show(event.target.selectedIndex) }, names.map((name) => h('option', {}, name))))
    : h('p', { class: 'choice soft small' }, names[0]);
  return [choice, place];
}

/** One object as flat cells: `{ partner: { name } }` becomes the column `partner.name`. */
function flat(row) {
  const cells = {};
  const visit = (value, name, depth) => {
    if (isObject(value) && depth < 3) for (const [key, inner] of Object.entries(value)) visit(inner, name ? `${name}.${key}` : key, depth + 1);
    else cells[name] = value;
  };
  if (isObject(row)) visit(row, '', 0);
  return cells;
}

let ruler;
function textWidth(text) {
  if (!ruler) {
    ruler = document.createElement('canvas').getContext('2d');
    ruler.font = getComputedStyle(document.body).font;
  }
  return ruler.measureText(text).width;
}

function cellText(value) {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.every((each) => typeof each !== 'object') ? value.join(', ') : count(value.length, 'item');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function rowsOf({ path, rows }) {
  // Some rows from everywhere, the last among them: ids and numbers grow longer towards the end.
  const every = Math.ceil(rows.length / 200);
  const sample = rows.filter((_, at) => (rows.length - 1 - at) % every === 0).map(flat);
  // `partner: null` in one row and `partner: { name }` in another must not make two columns.
  const all = [...new Set(sample.flatMap(Object.keys))];
  const columns = all.filter((name) => !all.some((other) => other.startsWith(`${name}.`))).slice(0, COLUMNS);
  const widths = columns.map((name) => {
    const longest = Math.max(textWidth(name) * 1.1, ...sample.map((cells) => textWidth(cellText(cells[name]).slice(0, 80))));
    return Math.min(360, Math.max(60, longest + 28));
  });
  const col = (width) => {
    const element = h('col');
    element.style.width = `${width}px`;
    return element;
  };
  const body = h('tbody');
  const table = h('table', { 'aria-rowcount': rows.length + 1 },
    h('colgroup', {}, col(Math.max(56, textWidth(String(rows.length)) + 34)), widths.map(col)),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, '#'), columns.map((name) => h('th', { scope: 'col', title: name }, name)))), body);
  const scroller = h('div', { class: 'rows', tabindex: 0, role: 'region', 'aria-label': `Rows of ${path || 'data'}` }, table);

  const spacer = (height) => {
    const row = h('tr', { class: 'spacer', 'aria-hidden': 'true' }, h('td', { colspan: columns.length + 1 }));
    row.style.height = `${height}px`;
    return row;
  };
  const line = (at) => {
    const cells = flat(rows[at]);
    return h('tr', { 'aria-rowindex': at + 2 }, h('td', {}, String(at + 1)), columns.map((name) => {
      const text = cellText(cells[name]);
      return h('td', { class: typeof cells[name] === 'number' ? 'number' : null, title: text.length > 24 ? text.slice(0, 1_000) : null }, text.slice(0, 300));
    }));
  };
  let shown = '';
  const paint = () => {
    const from = Math.max(0, Math.floor(scroller.scrollTop / ROW) - AROUND);
    const to = Math.min(rows.length, from + Math.ceil(scroller.clientHeight / ROW) + 2 * AROUND);
    if (shown === `${from}-${to}`) return;
    shown = `${from}-${to}`;
    const lines = Array.from({ length: to - from }, (_, at) => line(from + at));
    body.replaceChildren(spacer(from * ROW), ...lines, spacer((rows.length - to) * ROW));
  };
  scroller.addEventListener('scroll', () => requestAnimationFrame(paint));
  new ResizeObserver(paint).observe(scroller);
  paint();
  return scroller;
}

// The left side: the mails, newest first. It is refreshed in place, so neither the scroll position nor the focus moves.

import { byId, count, h, say } from '/assets/dom.js';

const PAGE = 50;
const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

function briefDate(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text ?? '';
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return clock.format(date);
  return (date.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(date);
}

export class List {
  constructor() {
    this.place = byId('messages');
    this.older = byId('older');
    this.older.addEventListener('click', () => this.loadOlder());
    this.place.addEventListener('keydown', (event) => this.key(event));
    this.clear('');
    this.opened = new Set();
  }

  clear(search) {
    this.search = search;
    this.messages = [];
    this.fresh = new Set();
    this.loaded = false;
  }

  async fetch(search, before) {
    const query = new URLSearchParams({ search, limit: PAGE });
    if (before !== undefined) query.set('before', before);
    const response = await fetch(`/mailbox/messages.json?${query}`, { cache: 'no-store' });
    if (!response.ok) throw new Error(`The server answered ${response.status}`);
    return response.json();
  }

  /** Lays the newest page over what is shown and keeps the older mails that were loaded below it. */
  async refresh(search) {
    const page = await this.fetch(search);
    // The reader may have typed on while this answer was under way.
    if (search !== byId('search').value.trim()) return;
    const first = !this.loaded || search !== this.search;
    if (first) this.clear(search);
    const known = new Set(this.messages.map(({ id }) => id));
    const inPage = new Set(page.messages.map(({ id }) => id));
    const overlap = this.messages.findLastIndex(({ id }) => inPage.has(id));
    // With no mail in common more than a page arrived at once; starting anew avoids a hole in the list.
    const below = overlap < 0 || !page.more ? [] : this.messages.slice(overlap + 1);
    if (!first) for (const { id } of page.messages) if (!known.has(id)) this.fresh.add(id);
    this.messages = [...page.messages, ...below];
    this.more = below.length ? this.more : page.more;
    this.total = page.total;
    this.loaded = true;
    this.render();
    if (first) this.place.parentElement.scrollTop = 0;
  }

  async loadOlder() {
    const { search } = this;
    this.older.disabled = true;
    try {
      const page = await this.fetch(search, this.messages.at(-1)?.id);
      if (search !== this.search) return;
      const known = new Set(this.messages.map(({ id }) => id));
      this.messages.push(...page.messages.filter(({ id }) => !known.has(id)));
      this.more = page.more;
      this.older.textContent = 'Load older mails';
      this.render();
    } catch {
      this.older.textContent = 'Not loaded; try again';
    } finally {
      this.older.disabled = false;
    }
  }

  /** Rows that stay are the same elements; only what is new or gone touches the page. */
  render() {
    const rows = new Map([...this.place.children].map((row) => [row.dataset.id, row]));
    this.messages.forEach((message, at) => {
      const row = rows.get(String(message.id)) ?? this.row(message);
      rows.delete(String(message.id));
      if (this.place.children[at] !== row) this.place.insertBefore(row, this.place.children[at] ?? null);
      const fresh = this.fresh.has(message.id) && !this.opened.has(String(message.id));
      if (row.classList.contains('fresh') !== fresh) row.classList.toggle('fresh', fresh);
    });
    for (const row of rows.values()) row.remove();
    this.older.hidden = !this.more;
    say(byId('total'), !this.loaded ? '' : this.search
      ? (this.total ? `${count(this.total, 'mail')} found` : 'No mail matches this search.')
      : (this.total ? count(this.total, 'mail') : 'No mails yet'));
    this.mark(this.current);
  }

  row(message) {
    return h('li', { 'data-id': message.id }, h('a', { href: `#${encodeURIComponent(message.id)}` },
      h('span', { class: 'who', title: message.to }, message.to_name || message.to),
      h('time', { datetime: message.date }, briefDate(message.date)),
      h('span', { class: 'about' }, message.subject || '(no subject)')));
  }

  mark(id) {
    this.current = id;
    if (id) this.opened.add(id);
    for (const row of this.place.children) {
      const chosen = row.dataset.id === id;
      const link = row.firstElementChild;
      if (!chosen) link.removeAttribute('aria-current');
      else if (!link.hasAttribute('aria-current')) link.setAttribute('aria-current', 'true');
      if (chosen) row.classList.remove('fresh');
    }
  }

  key(event) {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    const link = step && event.target.closest('li')?.[step]?.firstElementChild;
    if (!link) return;
    event.preventDefault();
    link.focus();
    link.click();
  }
}

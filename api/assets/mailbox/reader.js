// The right side: one mail, four ways to look at it. The mail's own HTML only ever lives in a sandboxed frame.

import { byId, clipped, copy, count, h, tabs } from '/assets/dom.js';

const WEB_ADDRESS = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/;
const longDate = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const urlOf = (id, part) => `/mailbox/messages/${encodeURIComponent(id)}${part}`;
const link = (address) => h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address);

export class Reader {
  constructor(onTab) {
    this.views = Object.fromEntries(['html', 'text', 'headers', 'source'].map((name) => [name, byId(`view-${name}`)]));
    this.tabs = tabs(byId('mail-tabs'), (name) => { this.fill(name); if (!this.quiet) onTab(name); });
  }

  /** Shows a mail, keeping the one before on the page until this one is here. */
  async open(id, wanted) {
    this.id = id;
    let mail;
    try {
      const response = await fetch(urlOf(id, '.json'), { cache: 'no-store' });
      if (response.status === 404) {
        if (this.id === id) this.say('This mail is no longer here', 'It may have been deleted, or the mailbox was emptied. The list on the left shows what there is.');
        return;
      }
      if (!response.ok) throw new Error(`status ${response.status}`);
      mail = await response.json();
    } catch {
      if (this.id === id) this.say('The mail could not be read', 'The server did not answer as expected. Choose the mail again once it is back.');
      return;
    }
    // A slow answer must not replace a mail that was chosen after it.
    if (this.id !== id) return;
    this.mail = mail;
    this.filled = new Set();
    byId('mail-subject').textContent = mail.subject || '(no subject)';
    byId('mail-from').textContent = mail.from;
    byId('mail-to').textContent = mail.to;
    const date = new Date(mail.date);
    byId('mail-date').textContent = Number.isNaN(date.getTime()) ? mail.date : longDate.format(date);
    document.title = `Counterpart · ${mail.subject || 'Mailbox'}`;
    this.tabs.tab('html').disabled = !mail.has_html;
    this.tabs.tab('text').disabled = !mail.text;
    byId('reader-empty').hidden = true;
    byId('mail').hidden = false;
    this.select([wanted, this.tabs.current, 'html', 'text', 'headers'].find((name) => name in this.views && !this.tabs.tab(name).disabled));
  }

  /** Changes the view because the address says so, not because the reader pressed a tab. */
  select(name) {
    this.quiet = true;
    this.tabs.select(name);
    this.quiet = false;
  }

  say(title, ...parts) {
    this.mail = null;
    document.title = 'Counterpart · Mailbox';
    byId('mail').hidden = true;
    byId('reader-empty').hidden = false;
    byId('reader-empty').replaceChildren(h('h2', {}, title), ...parts.map((part) => (typeof part === 'string' ? h('p', {}, part) : part)));
  }

  fill(name) {
    if (!this.mail || this.filled.has(name)) return;
    this.filled.add(name);
    this.views[name].scrollTop = 0;
    this[name](this.views[name], this.mail);
  }

  html(view, mail) {
    // A new frame each time: changing the address of an old one would add to the browser's history.
    const frame = h('iframe', { sandbox: true, title: 'The mail as HTML', referrerpolicy: 'no-referrer', src: urlOf(mail.id, '/html') });
    const links = [...new Set((mail.text ?? '').match(new RegExp(WEB_ADDRESS, 'g')) ?? [])].slice(0, 50);
    // The sandbox keeps links in the mail from opening, so they are offered here.
    view.replaceChildren(frame, ...(links.length ? [h('details', {}, h('summary', {}, `${count(links.length, 'link')} in this mail`), h('ul', {}, links.map((each) => h('li', {}, link(each)))))] : []));
  }

  text(view, mail) {
    const [text, cut] = clipped(mail.text, 200_000);
    view.replaceChildren(h('pre', {}, text.split(WEB_ADDRESS).map((part, at) => (at % 2 ? link(part) : part)), cut && '\n…'));
  }

  headers(view, mail) {
    view.replaceChildren(h('table', {}, h('tbody', {}, (mail.headers ?? []).map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value))))));
  }

  async source(view, mail) {
    const address = urlOf(mail.id, '/source');
    view.replaceChildren(h('p', { class: 'soft' }, 'Reading the source'));
    let parts;
    try {
      const response = await fetch(address, { cache: 'no-store' });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const source = await response.text();
      const [text, cut] = clipped(source);
      parts = [h('p', { class: 'actions' },
        h('button', { onclick: (event) => copy(source, event.target) }, 'Copy'),
        h('a', { href: address, target: '_blank', rel: 'noopener' }, 'Open alone'),
        cut && h('span', { class: 'soft' }, 'Only the beginning is shown here.')), h('pre', {}, text)];
    } catch {
      parts = [h('p', { class: 'notice danger' }, 'The source could not be read. Choose the mail again to retry.')];
    }
    if (this.mail === mail) view.replaceChildren(...parts);
  }
}

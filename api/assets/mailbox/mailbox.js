// Puts the mailbox together. The address says which mail is open and how: #<id> or #<id>/<tab>.

import { byId, debounce, h, say } from '/assets/dom.js';
import { List } from './list.js';
import { Reader } from './reader.js';

const EVERY = 4_000;
const SLOWEST = 30_000;

const search = byId('search');
const connection = byId('connection');
const list = new List();
const reader = new Reader((tab) => window.history.replaceState(null, '', `#${encodeURIComponent(reader.id)}/${tab}`));
let timer;
let wait = EVERY;

/** One refresh after another, slower while the server is away, none while nobody looks. */
async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await list.refresh(search.value.trim());
    wait = EVERY;
    say(connection, '');
    if (!reader.id) welcome();
  } catch {
    wait = Math.min(wait * 2, SLOWEST);
    say(connection, 'Not connected; trying again');
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

function welcome() {
  if (welcome.said === (list.total > 0) && !byId('reader-empty').hidden) return;
  welcome.said = list.total > 0;
  if (list.total > 0 || search.value.trim()) {
    reader.say('Choose a mail', 'Every mail Counterpart would have sent is on the left, newest first. Nothing in it has left this server.');
  } else {
    reader.say('No mails yet', 'In this mode Counterpart sends no mail. Whatever it would have sent arrives here instead, usually within seconds.',
      h('p', {}, 'The first mails come when'),
      h('ul', {}, h('li', {}, 'a coordinator publishes a match run: proposals and introductions to the pairs, and a reason to everyone left without a partner'), h('li', {}, 'the nightly run finds something due: reminders, topics, check-ins')),
      h('p', {}, 'To start one, run a coordinator\u2019s example in the ', h('a', { href: '/explorer' }, 'GraphQL explorer'), '.'));
  }
}

function openFromAddress() {
  const [id, tab] = location.hash.slice(1).split('/');
  const wanted = safeDecode(id);
  list.mark(wanted);
  if (!wanted) {
    reader.id = null;
    welcome.said = undefined;
    welcome();
  } else if (wanted === reader.id && reader.mail) {
    if (tab) reader.select(tab);
  } else {
    reader.open(wanted, tab);
  }
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

search.addEventListener('input', debounce(200, refresh));
addEventListener('hashchange', openFromAddress);
document.addEventListener('visibilitychange', refresh);
if (location.hash.length > 1) openFromAddress();
refresh();

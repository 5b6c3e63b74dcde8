// The few things both pages need from the browser.

/** Builds an element. Strings become text nodes, so data can never turn into markup. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Wires a role=tablist whose tabs name their panels in aria-controls. Arrow keys move, as readers of ARIA expect. */
export function tabs(list, onSelect = () => {}) {
  const all = [...list.querySelectorAll('[role=tab]')];
  const select = (name) => {
    for (const tab of all) {
      const chosen = tab.dataset.tab === name;
      tab.setAttribute('aria-selected', chosen);
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute('aria-controls')).hidden = !chosen;
    }
    list.dataset.current = name;
    onSelect(name);
  };
  list.addEventListener('click', (event) => {
    const tab = event.target.closest('[role=tab]');
    if (tab && !tab.disabled) select(tab.dataset.tab);
  });
  list.addEventListener('keydown', (event) => {
    const usable = all.filter((tab) => !tab.disabled);
    const at = usable.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: usable.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = usable[(to + usable.length) % usable.length];
    select(tab.dataset.tab);
    tab.focus();
  });
  return { select, tab: (name) => all.find((tab) => tab.dataset.tab === name), get current() { return list.dataset.current; } };
}

/** Changes a text only when it differs: a screen reader says a status again each time it is written. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function debounce(wait, run) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(run, wait, ...args);
  };
}

/** Storage may be blocked, full or hold what an older page wrote; the pages work without it. */
export function remembered(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch { /* the page only forgets */ }
}

/** Copies, and says so on the button. The clipboard API is missing on plain http, hence the second way. */
export async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = h('textarea', { class: 'visually-hidden' });
    field.value = text;
    document.body.append(field);
    field.select();
    done = document.execCommand('copy');
    field.remove();
    button.focus();
  }
  button.dataset.label ??= button.textContent;
  button.textContent = done ? 'Copied' : 'Not copied';
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
}

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** Long texts are cut before they reach the page: laying out megabytes of text blocks the tab. */
export function clipped(text, limit = 150_000) {
  return text.length > limit ? [text.slice(0, limit), true] : [text, false];
}

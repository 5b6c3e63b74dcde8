// A text area with the help one expects of a code editor. The text area keeps the text, the selection and the undo
// history; a layer behind it paints the same text in color. If painting is too slow or fails, plain text remains.

import { h } from '/assets/dom.js';
import { CLOSING, GRAPHQL, bracketsAt, tokens } from './language.js';

const INDENT = '  ';
const PAINT_LIMIT = 40_000;
const TYPED_LINES = 12;
const CLOSERS = new Set(Object.values(CLOSING));

export class Editor {
  constructor(root, language, onChange) {
    this.root = root;
    this.language = language;
    this.area = root.querySelector('textarea');
    this.layer = root.querySelector('.paint');
    this.gutter = root.querySelector('.gutter');
    this.replaced = [];
    this.changed = () => { this.paint(); onChange(this.text); };
    this.area.addEventListener('input', () => { if (!this.typing) this.changed(); });
    this.area.addEventListener('keydown', (event) => this.key(event));
    this.area.addEventListener('scroll', () => this.follow());
    document.addEventListener('selectionchange', () => { if (document.activeElement === this.area) this.paint(); });
    this.area.addEventListener('blur', () => this.paint());
  }

  get text() { return this.area.value; }
  get caret() { return this.area.selectionStart; }

  /** Sets the text without taking the focus; used when the page opens. */
  load(text) {
    this.area.value = text;
    this.paint();
  }

  /** Replaces a part of the text as if it had been typed, so that undo brings the old text back. */
  replace(start, end, text, from = start + text.length, to = from) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
    // Typed text joins the browser's own undo, but browsers type each line by itself, which takes seconds for a
    // long text. That is put in at once, and its undo kept here.
    let typed = false;
    if (text.split('\n', TYPED_LINES + 1).length <= TYPED_LINES) {
      this.typing = true;
      typed = (start === end && !text) || document.execCommand(text ? 'insertText' : 'delete', false, text);
      this.typing = false;
    }
    if (!typed) {
      const before = this.text;
      this.area.setRangeText(text, start, end, 'end');
      this.replaced = [...this.replaced.slice(-9), { before, after: this.text }];
    }
    this.area.setSelectionRange(from, to);
    this.changed();
  }

  fill(text) {
    if (text !== this.text) this.replace(0, this.text.length, text, 0);
    this.area.scrollTo(0, 0);
  }

  goTo(line, column) {
    const start = this.text.split('\n').slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
    this.area.focus();
    this.area.setSelectionRange(start, start);
    this.area.scrollTop = Math.max(0, (line - 4) * 20);
  }

  key(event) {
    if (event.isComposing) return;
    const { selectionStart: start, selectionEnd: end, value } = this.area;
    const before = value[start - 1];
    const after = value[end];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    // Tab indents, so Escape first hands Tab back to the browser: nobody may be trapped in the editor.
    const leaving = this.leaving;
    this.leaving = event.key === 'Escape' || (leaving && event.key === 'Shift');

    if (event.key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey && this.replaced.at(-1)?.after === value) {
      event.preventDefault();
      this.load(this.replaced.pop().before);
      this.changed();
    } else if (event.key === 'Tab' && plain && !leaving) {
      event.preventDefault();
      if (event.shiftKey || value.slice(start, end).includes('\n')) this.shiftLines(event.shiftKey ? -1 : 1);
      else this.replace(start, end, INDENT);
    } else if (event.key === 'Enter' && plain) {
      event.preventDefault();
      const line = value.slice(value.lastIndexOf('\n', start - 1) + 1, start);
      const margin = `\n${line.match(/^[ \t]*/)[0]}`;
      const opens = CLOSING[before] !== undefined;
      const splits = opens && CLOSING[before] === after;
      const inner = opens ? margin + INDENT : margin;
      this.replace(start, end, splits ? inner + margin : inner, start + inner.length);
    } else if (event.key === '/' && (event.ctrlKey || event.metaKey) && this.language === GRAPHQL) {
      event.preventDefault();
      this.comment();
    } else if (CLOSING[event.key] && plain && (start < end || after === undefined || /[\s)}\]]/.test(after))) {
      event.preventDefault();
      this.replace(start, end, event.key + value.slice(start, end) + CLOSING[event.key], start + 1, end + 1);
    } else if (CLOSERS.has(event.key) && plain && start === end && after === event.key) {
      event.preventDefault();
      this.area.setSelectionRange(start + 1, start + 1);
    } else if (event.key === 'Backspace' && plain && start === end && before && CLOSING[before] === after) {
      event.preventDefault();
      this.replace(start - 1, start + 1, '');
    }
  }

  editLines(change) {
    const { selectionStart: start, selectionEnd: end, value } = this.area;
    const first = value.lastIndexOf('\n', start - 1) + 1;
    const next = value.indexOf('\n', Math.max(start, end - 1));
    const last = next < 0 ? value.length : next;
    const text = change(value.slice(first, last).split('\n')).join('\n');
    if (start < end) this.replace(first, last, text, first, first + text.length);
    else this.replace(first, last, text, Math.max(first, start + text.length - (last - first)));
  }

  shiftLines(by) {
    this.editLines((lines) => lines.map((line) => (by > 0 ? INDENT + line : line.replace(/^ {1,2}|^\t/, ''))));
  }

  comment() {
    this.editLines((lines) => {
      const undo = lines.every((line) => /^\s*(#|$)/.test(line));
      return lines.map((line) => (undo ? line.replace(/^(\s*)# ?/, '$1') : line.replace(/^(\s*)(?=\S)/, '$1# ')));
    });
  }

  paint() {
    const { value } = this.area;
    const caret = document.activeElement === this.area && this.area.selectionStart === this.area.selectionEnd ? this.caret : -1;
    const tooLong = value.length > PAINT_LIMIT;
    if (value !== this.painted) this.tokens = tooLong ? [] : tokens(value, this.language);
    const marked = caret < 0 ? [] : bracketsAt(this.tokens, caret);
    const marks = marked.map((token) => token.start).join();
    if (value === this.painted && marks === this.marks) return;
    this.painted = value;
    this.marks = marks;
    const lines = value.split('\n').length;
    if (lines !== this.lines) {
      this.lines = lines;
      this.gutter.textContent = Array.from({ length: lines }, (_, at) => at + 1).join('\n');
    }
    this.root.classList.toggle('unpainted', tooLong);
    this.color(marked);
    this.follow();
  }

  /** Lays the tokens into the layer. What is the same at both ends stays, so a keystroke costs little in a long text. */
  color(marked) {
    const pieces = [];
    for (const token of this.tokens) {
      const kind = marked.includes(token) ? 'match' : ['other', 'name', 'bracket'].includes(token.kind) ? null : token.kind;
      const last = pieces.at(-1);
      if (kind === null && last?.kind === null) last.text += token.text;
      else pieces.push({ kind, text: token.text });
    }
    const old = this.pieces ?? [];
    const same = (a, b) => a?.kind === b?.kind && a?.text === b?.text;
    const shorter = Math.min(old.length, pieces.length);
    let head = 0;
    while (head < shorter && same(old[head], pieces[head])) head += 1;
    let tail = 0;
    while (tail < shorter - head && same(old.at(-1 - tail), pieces.at(-1 - tail))) tail += 1;
    const changed = pieces.slice(head, pieces.length - tail);
    const nodes = [...this.layer.childNodes];
    for (const node of nodes.slice(head, old.length - tail)) node.remove();
    const fresh = document.createDocumentFragment();
    fresh.append(...changed.map(({ kind, text }) => (kind === null ? document.createTextNode(text) : h('span', { class: `t-${kind}` }, text))));
    this.layer.insertBefore(fresh, nodes[old.length - tail] ?? null);
    this.pieces = pieces;
  }

  follow() {
    this.layer.style.transform = `translate(${-this.area.scrollLeft}px, ${-this.area.scrollTop}px)`;
    this.gutter.style.transform = `translateY(${-this.area.scrollTop}px)`;
  }
}

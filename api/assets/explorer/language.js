// Reading GraphQL and JSON just well enough to color them, to pair brackets and to find the operations in a document.
// The server is the only judge of what is valid, so nothing here ever refuses a text.

export const GRAPHQL = /(?<comment>#[^\n]*)|(?<string>"""(?:\\"""|[\s\S])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?)|(?<variable>\$\w*)|(?<directive>@\w*)|(?<number>-?\d[\d.eE+-]*)|(?<name>[A-Za-z_]\w*)|(?<bracket>[{}()[\]])|(?<other>\s+|[\s\S])/g;
export const JSON_TEXT = /(?<key>"(?:\\.|[^"\\\n])*"(?=\s*:))|(?<string>"(?:\\.|[^"\\\n])*"?)|(?<number>-?\d[\d.eE+-]*)|(?<literal>true|false|null)|(?<bracket>[{}[\]])|(?<other>\s+|[\s\S])/g;

const KEYWORDS = new Set(['query', 'mutation', 'subscription', 'fragment', 'on']);
const BEFORE_COLON = /\s*:/y;
const LITERALS = new Set(['true', 'false', 'null']);

function isLabel(text, at) {
  BEFORE_COLON.lastIndex = at;
  return BEFORE_COLON.test(text);
}

export function tokens(text, language) {
  const found = [];
  for (const match of text.matchAll(language)) {
    let kind;
    for (kind in match.groups) if (match.groups[kind] !== undefined) break;
    if (kind === 'name') {
      if (isLabel(text, match.index + match[0].length)) kind = 'label';
      else if (KEYWORDS.has(match[0])) kind = 'keyword';
      else if (LITERALS.has(match[0])) kind = 'literal';
    }
    found.push({ kind, text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return found;
}

export const CLOSING = { '{': '}', '(': ')', '[': ']' };

/** The two brackets to mark when the caret touches one of them, or nothing. */
export function bracketsAt(all, caret) {
  const open = [];
  for (const token of all) {
    if (token.kind !== 'bracket') continue;
    if (CLOSING[token.text]) {
      open.push(token);
    } else {
      const partner = open.pop();
      const touches = (bracket) => bracket.start === caret || bracket.end === caret;
      if (partner && CLOSING[partner.text] === token.text && (touches(partner) || touches(token))) return [partner, token];
    }
  }
  return [];
}

/** The operations of a document: `{ kind, name, start, end, head }`, where `head` is where an anonymous one could take a name. */
export function operations(text) {
  const found = [];
  let depth = 0;
  let current = null;
  for (const token of tokens(text, GRAPHQL)) {
    if (token.kind === 'comment' || token.kind === 'other') continue;
    if (depth === 0 && !current) {
      if (token.kind === 'keyword' && token.text !== 'on') current = { kind: token.text, name: null, start: token.start, head: token.end };
      else if (token.text === '{') current = { kind: 'query', name: null, start: token.start, head: token.start };
    } else if (depth === 0 && current && !current.name && !current.body && ['name', 'keyword', 'literal'].includes(token.kind)) {
      current.name ??= token.text;
    }
    if (token.kind !== 'bracket') continue;
    if (CLOSING[token.text]) {
      if (depth === 0 && current) current.body = true;
      depth += 1;
    } else {
      depth = Math.max(0, depth - 1);
      if (depth === 0 && token.text === '}' && current) {
        found.push({ ...current, end: token.end });
        current = null;
      }
    }
  }
  if (current) found.push({ ...current, end: text.length });
  return found.filter((definition) => definition.kind !== 'fragment');
}

/** How many selections enclose a place in the text. */
export function depthAt(text, place) {
  let depth = 0;
  for (const token of tokens(text.slice(0, place), GRAPHQL)) {
    if (token.text === '{') depth += 1;
    if (token.text === '}') depth -= 1;
  }
  return depth;
}

// The schema to read: an index, a page for each type, and a search. The place is kept in the address
// (#Match or #Match.status), so the browser's back button and shared links work.

import { byId, debounce, h } from '/assets/dom.js';
import { members, named, shown } from './schema.js';

const KINDS = [['OBJECT', 'Objects'], ['INTERFACE', 'Interfaces'], ['UNION', 'Unions'], ['ENUM', 'Enums'], ['INPUT_OBJECT', 'Inputs'], ['SCALAR', 'Scalars']];
const FOUND_LIMIT = 60;

export class Docs {
  constructor({ insert, reload }) {
    this.insert = insert;
    this.reload = reload;
    this.place = byId('docs');
    this.box = byId('docs-search');
    this.box.disabled = true;
    this.box.addEventListener('input', debounce(80, () => this.render()));
    this.box.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.place.querySelector('a[href^="#"]')?.click();
      if (event.key === 'Escape') { this.box.value = ''; this.render(); }
    });
    addEventListener('hashchange', () => { this.box.value = ''; this.render(); });
    // A link to where we already are changes no hash, yet must still end a search.
    this.place.addEventListener('click', (event) => {
      if (event.target.closest('a')?.getAttribute('href') === (location.hash || '#')) { this.box.value = ''; this.render(); }
    });
    this.place.append(h('p', { class: 'soft' }, 'Reading the schema'));
  }

  show({ schema, problem }) {
    this.schema = schema;
    this.box.disabled = !schema;
    if (schema) this.render();
    else this.place.replaceChildren(h('div', { class: 'notice warn' }, h('h3', {}, problem[0]), h('p', {}, problem[1])), h('p', {}, h('button', { onclick: this.reload }, 'Try again')));
  }

  render() {
    if (!this.schema) return;
    const words = this.box.value.trim();
    const [typeName, member] = location.hash.slice(1).split('.');
    const type = this.schema.types.get(typeName);
    this.place.replaceChildren(...(words ? this.found(words) : type ? this.page(type, member) : this.index()));
    const here = words ? null : this.place.querySelector('.here');
    if (here) here.scrollIntoView({ block: 'center' });
    else this.place.scrollTop = 0;
  }

  found(words) {
    const all = this.schema.search(words);
    if (!all.length) return [h('p', { class: 'soft' }, 'Nothing in the schema has these words.')];
    return [
      ...all.slice(0, FOUND_LIMIT).map((entry) => h('div', { class: 'entry found' },
        h('div', { class: 'sign' }, link(entry.label)), entry.text && h('div', { class: 'describe' }, firstSentence(entry.text)))),
      all.length > FOUND_LIMIT && h('p', { class: 'soft small' }, `${all.length - FOUND_LIMIT} more; add a letter or two.`),
    ].filter(Boolean);
  }

  index() {
    const { schema } = this;
    const rootNames = schema.roots.map(({ type }) => type.name);
    const parts = [...prose(schema.description), h('h4', {}, 'Start here')];
    for (const { type } of schema.roots) {
      parts.push(h('div', { class: 'entry' },
        h('div', { class: 'sign' }, link(type.name), h('span', { class: 'soft' }, `  ${type.fields.length} fields`)),
        h('div', { class: 'describe' }, firstSentence(type.description))));
    }
    for (const [kind, title] of KINDS) {
      const names = [...schema.types.values()].filter((type) => type.kind === kind && !type.name.startsWith('__') && !rootNames.includes(type.name)).map((type) => type.name).sort();
      if (names.length) parts.push(h('h4', {}, title), h('div', { class: 'sign mono' }, names.map((name) => h('div', {}, link(name)))));
    }
    return parts;
  }

  page(type, member) {
    const parts = [
      h('p', { class: 'trail' }, h('a', { href: '#' }, 'Schema'), h('span', {}, type.name)),
      h('h3', {}, type.name), h('p', { class: 'soft small' }, KINDS.find(([kind]) => kind === type.kind)?.[1].replace(/s$/, '') ?? ''),
      ...prose(type.description),
    ];
    if (type.specifiedByURL?.startsWith('https://')) parts.push(h('p', {}, h('a', { href: type.specifiedByURL, target: '_blank', rel: 'noopener noreferrer' }, 'Specification')));
    if (type.interfaces?.length) parts.push(h('p', {}, 'Implements ', type.interfaces.flatMap(({ name }, at) => [at ? ', ' : '', link(name)])));
    if (type.possibleTypes?.length) parts.push(h('h4', {}, 'Possible types'), ...type.possibleTypes.map(({ name }) => h('div', { class: 'mono' }, link(name))));
    const all = members(type);
    if (all.length) parts.push(h('h4', {}, type.kind === 'ENUM' ? 'Values' : 'Fields'), ...all.map((each) => this.entry(type, each, each.name === member)));
    return parts;
  }

  entry(type, field, here) {
    const canInsert = type.kind === 'OBJECT' || type.kind === 'INTERFACE';
    return h('div', { class: `entry${field.isDeprecated ? ' deprecated' : ''}${here ? ' here' : ''}` },
      canInsert && h('button', { class: 'plain', 'aria-label': `Insert ${field.name} into the query`, onclick: () => this.insert(type, field) }, 'Insert'),
      h('div', { class: 'sign' }, h('a', { href: `#${type.name}.${field.name}` }, field.name),
        field.args?.length ? '(' : field.type ? [': ', typeLink(field.type)] : '',
        field.defaultValue != null ? ` = ${field.defaultValue}` : ''),
      field.args?.length ? [field.args.map((arg) => h('div', { class: 'sign args', title: arg.description ?? null },
        h('span', { class: 't-key' }, arg.name), ': ', typeLink(arg.type), arg.defaultValue != null ? ` = ${arg.defaultValue}` : '',
        arg.description ? h('div', { class: 'describe' }, firstSentence(arg.description)) : null)), h('div', { class: 'sign' }, '): ', typeLink(field.type))] : null,
      ...prose(field.description, 'div'),
      field.isDeprecated && h('div', { class: 'describe gone' }, 'Deprecated. ', ...words(field.deprecationReason ?? '')));
  }
}

const link = (label) => h('a', { href: `#${label}` }, label);

function typeLink(ref) {
  const name = named(ref);
  const [before, after] = shown(ref).split(name);
  return h('span', {}, before, link(name), after);
}

/** Descriptions are Markdown in principle; paragraphs and `code` are all that is worth telling apart here. */
const words = (text) => text.split(/(`[^`\n]+`)/).map((part) => (/^`.+`$/.test(part) ? h('code', {}, part.slice(1, -1)) : part));
const prose = (text, tag = 'p') => (text ? text.trim().split(/\n\s*\n/).map((part) => h(tag, { class: 'describe' }, ...words(part))) : []);
const firstSentence = (text) => words((text ?? '').trim().split(/(?<=\.)\s|\n\s*\n/)[0]);

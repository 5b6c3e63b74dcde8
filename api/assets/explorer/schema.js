// The schema as the server describes it, arranged for looking things up.

import { errorsOf, send, trouble } from './request.js';

/** Older servers refuse the newer introspection fields, so the plain form is the second try. */
const introspection = (recent) => `query Introspection {
  __schema {
    description
    queryType { name } mutationType { name } subscriptionType { name }
    types {
      kind name description ${recent ? 'specifiedByURL' : ''}
      fields(includeDeprecated: true) {
        name description isDeprecated deprecationReason type { ...Ref }
        args${recent ? '(includeDeprecated: true)' : ''} { ...Value }
      }
      inputFields${recent ? '(includeDeprecated: true)' : ''} { ...Value }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      interfaces { name } possibleTypes { name }
    }
  }
}
fragment Value on __InputValue { name description defaultValue type { ...Ref } ${recent ? 'isDeprecated deprecationReason' : ''} }
fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }`;

/** `{ schema }`, or `{ problem: [title, advice] }` in words for the reader. */
export async function fetchSchema(token) {
  let outcome = await send({ query: introspection(true), token });
  if (outcome.kind === 'answer' && !outcome.body.data?.__schema) {
    const plain = await send({ query: introspection(false), token });
    if (plain.body?.data?.__schema) outcome = plain;
  }
  if (outcome.body?.data?.__schema?.types) return { schema: new Schema(outcome.body.data.__schema) };
  const [error] = errorsOf(outcome);
  const known = trouble(outcome);
  if (known) return { problem: [known[1], outcome.kind === 'not-json' ? 'The schema cannot be shown.' : known[2]] };
  return { problem: ['The schema is not published here', `This server does not describe its schema to this page, which is usual in production. Queries still run. ${error ? `It said: ${error.message}` : ''}`] };
}

export const named = (ref) => (ref.ofType ? named(ref.ofType) : ref.name);
export const required = (value) => value.type.kind === 'NON_NULL' && value.defaultValue == null;

export function shown(ref) {
  if (ref.kind === 'NON_NULL') return `${shown(ref.ofType)}!`;
  return ref.kind === 'LIST' ? `[${shown(ref.ofType)}]` : ref.name;
}

export class Schema {
  constructor(source) {
    this.types = new Map(source.types.map((type) => [type.name, type]));
    this.description = source.description;
    this.roots = ['query', 'mutation', 'subscription']
      .map((kind) => ({ kind, type: this.types.get(source[`${kind}Type`]?.name) }))
      .filter(({ type }) => type);
    this.entries = [];
    for (const type of source.types) {
      if (type.name.startsWith('__')) continue;
      this.entries.push({ label: type.name, type: type.name, text: type.description });
      for (const member of members(type)) {
        this.entries.push({ label: `${type.name}.${member.name}`, short: member.name, type: type.name, member: member.name, text: member.description, args: member.args });
      }
    }
  }

  type(ref) { return this.types.get(named(ref)); }

  rootKind(typeName) { return this.roots.find(({ type }) => type.name === typeName)?.kind; }

  /** The type itself, then root fields, then other names that begin with the words, then whatever holds them. */
  search(words) {
    const wanted = words.trim().toLowerCase();
    const rank = (entry) => {
      const name = (entry.short ?? entry.label).toLowerCase();
      if (name === wanted && !entry.short) return 0;
      if (name.startsWith(wanted)) return this.rootKind(entry.type) && entry.short ? 1 : name === wanted ? 2 : entry.short ? 4 : 3;
      if (name.includes(wanted) || entry.label.toLowerCase().includes(wanted)) return 5;
      if (entry.args?.some((arg) => arg.name.toLowerCase().includes(wanted))) return 6;
      return entry.text?.toLowerCase().includes(wanted) ? 7 : 9;
    };
    return this.entries.map((entry) => ({ entry, at: rank(entry) })).filter(({ at }) => at < 9)
      .sort((a, b) => a.at - b.at || a.entry.label.localeCompare(b.entry.label))
      .map(({ entry }) => entry);
  }
}

export const members = (type) => type.fields ?? type.inputFields ?? type.enumValues ?? [];

// Writes queries for the reader: a whole operation for a root field, or one field to put into a selection.

import { named, required, shown } from './schema.js';

const BRIEF = ['id', 'name', 'displayName', 'title', 'label'];
const STRUCTURE = ['edges', 'node', 'nodes', 'pageInfo', 'userErrors'];
const MAX_LEAVES = 12;

/** `{ text, variables }` for one root field; `name` is what the operation will be called. */
export function operation(schema, kind, field, name) {
  // Paging forwards is the usual wish; `last` and `before` together with `first` would be refused.
  const args = (field.args ?? []).filter((arg) => !arg.isDeprecated && !['last', 'before'].includes(arg.name));
  const variables = {};
  for (const arg of args) if (required(arg) || arg.name === 'first') variables[arg.name] = arg.name === 'first' ? 10 : sample(schema, arg.type);
  const declared = args.map((arg) => `$${arg.name}: ${shown(arg.type)}${arg.defaultValue != null && arg.type.kind === 'NON_NULL' ? ` = ${arg.defaultValue}` : ''}`);
  const head = !args.length ? '' : declared.join(', ').length < 60 ? `(${declared.join(', ')})` : `(\n  ${declared.join('\n  ')}\n)`;
  const given = args.length ? `(${args.map((arg) => `${arg.name}: $${arg.name}`).join(', ')})` : '';
  return { text: [`${kind} ${name}${head} {`, ...indent(withSelection(schema, `${field.name}${given}`, field.type, 4)), '}', ''].join('\n'), variables };
}

/** One field as lines, its arguments written in place. */
export function fieldLines(schema, field) {
  const args = (field.args ?? []).filter((arg) => required(arg) || arg.name === 'first');
  const given = args.map((arg) => `${arg.name}: ${arg.name === 'first' ? 10 : literal(schema, arg.type, sample(schema, arg.type))}`);
  return withSelection(schema, field.name + (given.length ? `(${given.join(', ')})` : ''), field.type, 4);
}

const indent = (lines) => lines.map((line) => `  ${line}`);

function withSelection(schema, head, ref, depth) {
  const lines = selection(schema, schema.type(ref), depth);
  return lines.length ? [`${head} {`, ...indent(lines), '}'] : [head];
}

const isLeaf = (type) => ['SCALAR', 'ENUM'].includes(type?.kind);

function selection(schema, type, depth) {
  if (!type || isLeaf(type)) return [];
  if (type.kind === 'UNION') {
    return ['__typename', ...type.possibleTypes.slice(0, 4).flatMap(({ name }) => [`... on ${name} {`, ...indent(selection(schema, schema.types.get(name), 0)), '}'])];
  }
  const usable = type.fields.filter((field) => !field.isDeprecated && !field.args.some(required));
  const has = (name) => usable.some((field) => field.name === name);
  const isConnection = has('pageInfo') && (has('edges') || has('nodes'));
  const isPayload = /Payload$/.test(type.name);
  const lines = type.kind === 'INTERFACE' ? ['__typename'] : [];
  if (isConnection || type.name === 'PageInfo') {
    lines.push(...usable.filter((field) => ['totalCount', 'hasNextPage', 'endCursor'].includes(field.name)).map((field) => field.name));
  } else if (!has('node')) {
    // An edge is only the way to its node; everything else shows its plain fields, the id first.
    const leaves = usable.filter((field) => isLeaf(schema.type(field.type)));
    leaves.sort((a, b) => (b.name === 'id') - (a.name === 'id'));
    lines.push(...leaves.slice(0, MAX_LEAVES).map((field) => field.name));
  }
  if (depth > 0) {
    const branches = usable.filter((field) => !isLeaf(schema.type(field.type)));
    for (const field of branches) {
      if (STRUCTURE.includes(field.name) || isPayload) {
        if (field.name === 'edges' && has('nodes')) continue;
        lines.push(...withSelection(schema, field.name, field.type, depth - 1));
      } else if (!shown(field.type).startsWith('[')) {
        const brief = schema.type(field.type).fields?.map((each) => each.name).filter((each) => BRIEF.includes(each)) ?? [];
        if (brief.length) lines.push(`${field.name} { ${brief.join(' ')} }`);
      }
    }
    if (!lines.length && branches.length) lines.push(...withSelection(schema, branches[0].name, branches[0].type, depth - 1));
  }
  return lines.length ? lines : ['__typename'];
}

const SAMPLES = { Int: 1, Float: 1, Boolean: true, Date: '2026-01-31', DateTime: '2026-01-31T09:00:00Z', JSON: {} };

/** A value of the right shape to start from; the reader fills in the empty strings. */
function sample(schema, ref, depth = 4) {
  if (ref.kind === 'NON_NULL') return sample(schema, ref.ofType, depth);
  if (ref.kind === 'LIST') return depth > 0 ? [sample(schema, ref.ofType, depth - 1)] : [];
  const type = schema.types.get(named(ref));
  if (type?.kind === 'ENUM') return type.enumValues[0]?.name ?? '';
  if (type?.kind !== 'INPUT_OBJECT') return SAMPLES[ref.name] ?? '';
  const must = type.inputFields.filter(required);
  const fields = must.length ? must : type.inputFields.filter((field) => isLeaf(schema.type(field.type)) && !field.isDeprecated);
  return depth > 0 ? Object.fromEntries(fields.map((field) => [field.name, sample(schema, field.type, depth - 1)])) : {};
}

function literal(schema, ref, value) {
  if (ref.kind === 'NON_NULL') return literal(schema, ref.ofType, value);
  if (ref.kind === 'LIST') return `[${value.map((each) => literal(schema, ref.ofType, each)).join(', ')}]`;
  const type = schema.types.get(ref.name);
  if (type?.kind === 'ENUM') return value;
  if (type?.kind !== 'INPUT_OBJECT') return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([name, each]) => `${name}: ${literal(schema, type.inputFields.find((field) => field.name === name).type, each)}`).join(', ')} }`;
}

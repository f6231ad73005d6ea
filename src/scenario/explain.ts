import { z } from 'zod';
import { absentFaults } from '../faults/index.ts';
import { nearest, quote, suggest, typeName } from '../kit/nearest.ts';
import { type Path, valueAt } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';

/** Every mistake that a schema finds, in the operator's words. */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  value: unknown,
): Mistake[] {
  return issues.flatMap((issue) => explain(issue, schema, value));
}

function explain(issue: z.core.$ZodIssue, schema: z.core.$ZodType, root: unknown): Mistake[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const value = valueAt(root, path);
  const wrong = (message: string, hint?: string): Mistake[] => [{ path, at: 'value', message, hint }];
  if (issue.code === 'unrecognized_keys') {
    const fields = fieldsAt(schema, path, root);
    return issue.keys.map((key) => ({
      path: [...path, key],
      at: 'key',
      message: `unknown field ${quote(key)}`,
      hint: suggest(key, fields),
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ path, at: 'key', message: `not a name that is allowed here: ${message}` }];
  }
  if (value === undefined) {
    const about = describedAt(schema, path, root);
    return wrong('missing; this field is needed', about);
  }
  switch (issue.code) {
    case 'invalid_type': {
      const hint =
        issue.expected === 'string' && typeof value !== 'object' && value !== null
          ? 'put it in quotes'
          : undefined;
      return wrong(`expected ${expectedType(issue.expected)}, got ${typeName(value)}`, hint);
    }
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (allowed.length === 1) return wrong(`expected ${quote(issue.values[0])}, got ${typeName(value)}`);
      return wrong(
        `expected one of ${allowed.join(', ')}; got ${typeName(value)}`,
        suggestion(value, allowed),
      );
    }
    case 'invalid_union': {
      // A union that says itself what it takes is not of one and a list.
      if (own(issue.message) !== undefined) return wrong(`${issue.message}, got ${typeName(value)}`);
      const meant = issue.errors[oneOrList.indexOf(Array.isArray(value) ? 'list' : 'one')];
      if (meant)
        return meant.flatMap((each) =>
          explain({ ...each, path: [...issue.path, ...each.path] }, schema, root),
        );
      if (!('options' in issue)) return wrong(`${issue.message}, got ${typeName(value)}`);
      const kinds = issue.options?.map(String) ?? [];
      const isFault = path[0] === 'faults' && path.at(-1) === 'kind';
      return wrong(
        `unknown ${path.at(-1)} ${quote(value)}`,
        (isFault ? absentFaults.get(String(value)) : undefined) ??
          suggest(String(value), kinds, kinds.length),
      );
    }
    case 'too_small': {
      const least = `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
      return wrong(own(issue.message) ?? sizeMessage(issue.origin, least, value));
    }
    case 'too_big': {
      const most = `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
      return wrong(own(issue.message) ?? sizeMessage(issue.origin, most, value));
    }
    case 'invalid_format':
      return wrong(`${own(issue.message) ?? 'not of the expected form'}; got ${quote(value)}`);
    default:
      return wrong(issue.message);
  }
}

/** A message that the schema gave itself, not zod's: an issue does not say whose it is, but these are zod's words. */
function own(message: string): string | undefined {
  return /^(Invalid|Too) /.test(message) ? undefined : message;
}

function sizeMessage(origin: string, limit: string, value: unknown): string {
  if (origin === 'string') return value === '' ? 'empty; text is needed' : `expected ${limit} characters`;
  if (origin === 'array')
    return `expected ${limit} ${/\b1$/.test(limit) ? 'entry' : 'entries'}, got ${Array.isArray(value) ? value.length : 0}`;
  return `expected ${limit}, got ${typeName(value)}`;
}

const suggestion = (value: unknown, allowed: readonly string[]) => {
  const meant = typeof value === 'string' ? nearest(value, allowed) : undefined;
  return meant === undefined ? undefined : `did you mean ${quote(meant)}?`;
};

function expectedType(expected: string): string {
  const names: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
    record: 'a map',
  };
  return names[expected] ?? expected;
}

/** A schema without its defaults and options, as one reads it. */
function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const definition = schema?._zod.def as
    | { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType }
    | undefined;
  const inner = definition?.innerType ?? (definition?.type === 'pipe' ? definition.in : undefined);
  return inner ? unwrap(inner) : schema;
}

/** The schema of a field; unions are told apart by what the value has. */
function schemaAt(schema: z.core.$ZodType, path: Path, root: unknown): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const [index, part] of path.entries()) {
    const bare = pick(unwrap(at), valueAt(root, path.slice(0, index)));
    if (bare instanceof z.ZodObject) at = bare.shape[part];
    else if (bare instanceof z.ZodArray) at = bare.element as z.core.$ZodType;
    else if (bare instanceof z.ZodRecord) at = bare.valueType as z.core.$ZodType;
    else return undefined;
  }
  return at;
}

/** What stands alone or in a list is a union of the two, in this order. */
const oneOrList = ['one', 'list'] as const;

function pick(schema: z.core.$ZodType | undefined, value: unknown): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodUnion && !(schema instanceof z.ZodDiscriminatedUnion))
    return schema.options[oneOrList.indexOf(Array.isArray(value) ? 'list' : 'one')] as z.core.$ZodType;
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const key = schema.def.discriminator;
  const chosen = valueAt(value, [key]);
  return schema.options.find(
    (option) => option instanceof z.ZodObject && discriminator(option, key) === chosen,
  ) as z.core.$ZodType | undefined;
}

function discriminator(option: z.ZodObject, key: string): unknown {
  const literal = option.shape[key];
  return literal instanceof z.ZodLiteral ? literal.value : undefined;
}

function discriminators(schema: z.core.$ZodType | undefined): string[] {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return [];
  const key = schema.def.discriminator;
  return schema.options.flatMap((option) =>
    option instanceof z.ZodObject ? [String(discriminator(option, key))] : [],
  );
}

function fieldsAt(schema: z.core.$ZodType, path: Path, root: unknown): string[] {
  const at = pick(unwrap(schemaAt(schema, path, root)), valueAt(root, path));
  return at instanceof z.ZodObject ? Object.keys(at.shape).filter((name) => name !== '$schema') : [];
}

function describedAt(schema: z.core.$ZodType, path: Path, root: unknown): string | undefined {
  const at = schemaAt(schema, path, root);
  if (path.at(-1) === 'kind') {
    const kinds = discriminators(unwrap(schemaAt(schema, path.slice(0, -1), root)));
    if (kinds.length > 0) return `one of ${kinds.join(', ')}`;
  }
  if (!at) return undefined;
  const text = z.globalRegistry.get(at)?.description ?? z.globalRegistry.get(unwrap(at) ?? at)?.description;
  return typeof text === 'string' ? text : undefined;
}

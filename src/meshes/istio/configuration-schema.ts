import { distance } from 'fastest-levenshtein';
import { plural } from '../../kit/format.ts';
import { nearest, quote, suggest, typeName } from '../../kit/nearest.ts';
import { isMap, type Path } from '../../kit/path.ts';
import type { Mistake } from '../../kit/problems.ts';
import type { YamlDocument } from '../../kit/yaml-source.ts';
import { insteadOf, knownByAnotherName } from './configuration-names.ts';
import { placesOf } from './configuration-places.ts';
import { brokenRules, repeatedEntries } from './configuration-rules.ts';
import { fieldSchema, type ResourceSchema } from './schemas/contract.ts';
import type { KeepsRule } from './schemas/rules.ts';

/** What every value of a resource is held against. */
interface Checking {
  /** The schema of the whole resource. */
  readonly root: ResourceSchema;
  readonly document: Pick<YamlDocument, 'scalar'>;
}

/** Everything about a resource that its schema does not allow. */
export function mistakesAgainst(
  schema: ResourceSchema,
  resource: unknown,
  document: Pick<YamlDocument, 'scalar'>,
  keeps: KeepsRule,
): readonly Mistake[] {
  const found = mistakesIn(schema, resource, [], { root: schema, document });
  return [...found, ...brokenRules(schema, resource, keeps, found)];
}

function mistakesIn(
  schema: ResourceSchema,
  value: unknown,
  path: Path,
  within: Checking,
): readonly Mistake[] {
  const wrong = (message: string, hint?: string): Mistake[] => [{ path, at: 'value', message, hint }];
  if (value === null) return schema.nullable ? [] : wrong(`expected ${expected(schema)}, got nothing`);
  if (schema.intOrString && (typeof value === 'string' || Number.isInteger(value))) return [];
  if (!hasType(schema, value)) {
    const word =
      typeof value === 'boolean' && schema.type === 'string' ? within.document.scalar(path) : undefined;
    if (word?.plain && !/^(true|false)$/i.test(word.source)) {
      const hint = schema.enum ? `one of ${schema.enum.join(', ')}` : 'put it in quotes';
      return wrong(`Kubernetes reads ${word.source} as ${value}; text is expected`, hint);
    }
    const isLine = typeof value === 'string' && value.includes(' ');
    const hint =
      schema.type === 'string' && typeof value !== 'object'
        ? asText(schema, value)
        : schema.type === 'object' && isLine
          ? 'put a colon between a name and its value'
          : undefined;
    return wrong(`expected ${expected(schema)}, got ${typeName(value)}`, hint);
  }
  if (schema.enum && !schema.enum.includes(value)) {
    const allowed = schema.enum.map(String);
    const meant = nearest(String(value), allowed);
    const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
    return wrong(`expected one of ${allowed.join(', ')}; got ${quote(value)}`, hint);
  }
  if (typeof value === 'string') return textMistakes(schema, value, path);
  if (typeof value === 'number') return numberMistakes(schema, value, path);
  if (Array.isArray(value)) {
    return [
      ...sizeMistakes(schema.minItems, schema.maxItems, value.length, ['entry', 'entries'], path),
      ...repeatedEntries(schema.uniqueBy ?? [], schema.uniqueBy === undefined ? [] : value, path),
      ...value.flatMap((item, index) =>
        schema.items ? mistakesIn(schema.items, item, [...path, index], within) : [],
      ),
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  return mapMistakes(schema, value as Record<string, unknown>, path, within);
}

/** One letter more or less, or another number: no field of another place, but this one misspelt. */
function isSlip(name: string, field: string): boolean {
  const apart = distance(field, name);
  return apart === 1 || (apart === 2 && (field.startsWith(name) || name.startsWith(field)));
}

/** How a value that is no text becomes the text that was meant. */
function asText({ rules = [] }: ResourceSchema, value: unknown): string {
  const isDuration = rules.some(({ rule }) => rule.includes('duration(self)'));
  return isDuration && typeof value === 'number' ? `write it with its unit: ${value}s` : 'put it in quotes';
}

function mapMistakes(
  schema: ResourceSchema,
  value: Record<string, unknown>,
  path: Path,
  within: Checking,
): Mistake[] {
  const properties = schema.properties ?? {};
  const found: Mistake[] = [];
  for (const field of schema.required ?? []) {
    if (value[field] !== undefined) continue;
    found.push({ path: [...path, field], at: 'value', message: 'missing; this field is needed' });
  }
  for (const [name, inner] of Object.entries(value)) {
    const known = fieldSchema(schema, name);
    const at = [...path, name];
    const instead = known && insteadOf(name, Object.keys(properties));
    if (instead !== undefined) {
      const hint = `use ${instead}`;
      found.push({
        path: at,
        at: 'key',
        message: 'this field is obsolete; Istio does nothing with it',
        hint,
      });
    } else if (known) found.push(...mistakesIn(known, inner, at, within));
    else if (!schema.keepsUnknown) found.push(...unknownField(schema, name, inner, at, within));
  }
  for (const group of schema.exclusive ?? []) {
    const [first, second] = group.filter((name) => value[name] !== undefined);
    if (second === undefined) continue;
    const message = `${first} and ${second} exclude each other`;
    found.push({ path: [...path, second], at: 'key', message, hint: `at most one of ${group.join(', ')}` });
  }
  found.push(
    ...sizeMistakes(
      schema.minProperties,
      schema.maxProperties,
      Object.keys(value).length,
      ['field', 'fields'],
      path,
    ),
  );
  return found;
}

/** An unknown field, and what is in it as if it had the name that was meant. */
function unknownField(
  schema: ResourceSchema,
  name: string,
  value: unknown,
  path: Path,
  within: Checking,
): Mistake[] {
  const fields = Object.keys(schema.properties ?? {});
  const message = `unknown field ${quote(name)}`;
  const renamed = knownByAnotherName(name, fields);
  if (renamed === undefined) {
    const slip = fields.some((field) => isSlip(name, field));
    const places = slip ? [] : placesOf(name, within.root, path.slice(0, -1));
    const hint = places.length > 0 ? `its place is ${places.join(' or ')}` : suggest(name, fields);
    return [{ path, at: 'key', message, hint }];
  }
  const meant = schema.properties?.[renamed.field];
  const inner = meant?.properties && hasType(meant, value) ? mistakesIn(meant, value, path, within) : [];
  return [{ path, at: 'key', message, hint: renamed.hint }, ...inner];
}

function textMistakes(schema: ResourceSchema, value: string, path: Path): Mistake[] {
  const wrong = (message: string, hint?: string): Mistake[] => [{ path, at: 'value', message, hint }];
  if (schema.minLength !== undefined && value.length < schema.minLength)
    return wrong('text is needed, got ""');
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    return wrong(`expected at most ${schema.maxLength} characters, got ${value.length}`);
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    return wrong(`expected the form ${schema.pattern}, got ${quote(value)}`);
  }
  if (schema.format === 'date-time' && Number.isNaN(Date.parse(value))) {
    return wrong(`expected a time such as 2026-01-31T12:00:00Z, got ${quote(value)}`);
  }
  if (schema.format === 'byte' && !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return wrong('expected base64');
  return [];
}

const int32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };

function numberMistakes(schema: ResourceSchema, value: number, path: Path): Mistake[] {
  const range = schema.format === 'int32' ? int32 : {};
  const { minimum, maximum } = { ...range, ...schema };
  if (minimum !== undefined && value < minimum) {
    return [{ path, at: 'value', message: `expected at least ${minimum}, got ${value}` }];
  }
  if (maximum !== undefined && value > maximum) {
    return [{ path, at: 'value', message: `expected at most ${maximum}, got ${value}` }];
  }
  return [];
}

function sizeMistakes(
  least: number | undefined,
  most: number | undefined,
  size: number,
  what: readonly [one: string, many: string],
  path: Path,
): Mistake[] {
  if (least !== undefined && size < least) {
    return [{ path, at: 'value', message: `expected at least ${plural(least, ...what)}, got ${size}` }];
  }
  if (most !== undefined && size > most) {
    return [{ path, at: 'value', message: `expected at most ${plural(most, ...what)}, got ${size}` }];
  }
  return [];
}

function hasType({ type }: ResourceSchema, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isMap(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

function expected({ type, intOrString }: ResourceSchema): string {
  if (intOrString) return 'a whole number or text';
  const names: Record<string, string> = {
    object: 'a map',
    array: 'a list',
    integer: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
  };
  return names[type ?? ''] ?? 'a value';
}

import { quote } from '../../kit/nearest.ts';
import type { Path } from '../../kit/path.ts';
import type { Mistake } from '../../kit/problems.ts';
import { fieldSchema, type ResourceSchema, type SchemaRule } from './schemas/contract.ts';
import type { KeepsRule } from './schemas/rules.ts';

/**
 * What is wrong with a resource by the CEL rules of its schema, in Istio's words, at the entry that breaks them. A
 * rule is about values that have the right form: what has mistakes in it already is not held against any.
 */
export function brokenRules(
  schema: ResourceSchema,
  resource: unknown,
  keeps: KeepsRule,
  mistakes: readonly Mistake[],
): readonly Mistake[] {
  const hasMistakes = (path: Path) =>
    mistakes.some((mistake) => path.every((step, index) => mistake.path[index] === step));
  const visit = (here: ResourceSchema | undefined, value: unknown, path: Path): readonly Mistake[] => {
    if (here === undefined || value === null || value === undefined) return [];
    const own = hasMistakes(path) ? [] : brokenBy(here, value, path, keeps);
    if (typeof value !== 'object') return own;
    const inner = Array.isArray(value)
      ? value.flatMap((item, index) => visit(here.items, item, [...path, index]))
      : Object.entries(value).flatMap(([name, field]) =>
          visit(fieldSchema(here, name), field, [...path, name]),
        );
    return [...own, ...inner];
  };
  return visit(schema, resource, []);
}

function brokenBy(schema: ResourceSchema, value: unknown, path: Path, keeps: KeepsRule): readonly Mistake[] {
  return (schema.rules ?? [])
    .filter(({ rule }) => !keeps(rule, schema, value))
    .map((broken): Mistake => {
      const { rule, message } = broken;
      if (typeof value === 'object' && value !== null) {
        const entry = breaking(value, (part) => keeps(rule, schema, part));
        return { path: entry === undefined ? path : [...path, entry], at: 'key', message };
      }
      return { path, at: 'value', message: `${message}; got ${quote(value)}`, hint: hintOf(broken) };
    });
}

/** The rule itself where its numbers are others than its words say. */
function hintOf({ rule, message }: SchemaRule): string | undefined {
  const numbers = (text: string): readonly string[] => text.match(/\d+/g) ?? [];
  const said = numbers(message);
  const differs = said.length > 0 && numbers(rule).some((number) => number !== '0' && !said.includes(number));
  return differs ? `the rule itself is ${rule}` : undefined;
}

/**
 * The entry of a list or map with which, as it is written, a rule comes to be broken; undefined where it is broken
 * without any entry, by what is missing.
 */
function breaking(value: object, kept: (part: unknown) => boolean): string | number | undefined {
  const entries = Object.entries(value);
  const first = (count: number) =>
    Array.isArray(value) ? value.slice(0, count) : Object.fromEntries(entries.slice(0, count));
  let count = entries.length;
  while (count > 0 && !kept(first(count - 1))) count -= 1;
  const name = entries[count - 1]?.[0];
  return name !== undefined && Array.isArray(value) ? count - 1 : name;
}

/** Entries of a list that are like one before them in the fields that tell entries apart. */
export function repeatedEntries(fields: readonly string[], list: readonly unknown[], path: Path): Mistake[] {
  const seen = new Set<string>();
  return list.flatMap((item, index): Mistake[] => {
    const key = fields.map((field) => (item as Record<string, unknown> | null)?.[field]);
    const id = JSON.stringify(key);
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `there is an entry with the ${fields.join(' and ')} ${key.map(quote).join(' and ')} already`;
    return [{ path: [...path, index, fields[0] ?? ''], at: 'value', message }];
  });
}

import { nearest, quote, suggest, typeName } from '../../../kit/nearest.ts';
import { isMap, type Path } from '../../../kit/path.ts';
import type { Mistake } from '../../../kit/problems.ts';
import { readDuration } from '../../go-duration.ts';
import { entryKinds, type Field, type ObjectField } from './fields.ts';

/** An entry, or a part of one, in Consul's own spelling. */
export interface Canonical {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Where a field stands as its author wrote it, or its nearest parent that is there. */
  writtenAt(path: Path): Path;
  /** The same, and behind it what is not there, spelt so that it may be. */
  spelt(path: Path, name: (canonical: string) => string): Path;
}

/** How Consul tells names apart: neither by case nor by underlines. */
const folded = (name: string) => name.toLowerCase().replaceAll('_', '');

/**
 * Holds what is written against the fields that Consul has, and spells it as Consul does. Consul takes a name however it
 * is spelt, which Kubernetes does not: `only` says how a name of Consul's has to be there.
 */
export function canonical(
  fields: ObjectField,
  written: unknown,
  from: Path = [],
  only?: (name: string) => string,
): Canonical {
  const mistakes: Mistake[] = [];
  const places = new Map<string, Path>();
  const spell = only ?? ((name: string) => name);
  const root = Object.keys(fields.fields).map(spell);
  const value = read(fields, written, from, []);
  return {
    value,
    mistakes,
    writtenAt(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const found = places.get(keyOf(path.slice(0, length)));
        if (found !== undefined) return found;
      }
      return from;
    },
    spelt(path, name) {
      for (let length = path.length; length >= 0; length -= 1) {
        const found = places.get(keyOf(path.slice(0, length)));
        if (found === undefined) continue;
        const rest = path.slice(length).map((part) => (typeof part === 'string' ? name(part) : part));
        return [...found, ...rest];
      }
      return path;
    },
  };

  function wrong(path: Path, message: string, hint?: string, at: Mistake['at'] = 'value'): undefined {
    mistakes.push({ path, at, message, hint });
  }

  function read(field: Field, value: unknown, path: Path, to: Path): unknown {
    places.set(keyOf(to), path);
    // Consul takes one for a list of one, and the other way round.
    if (field.type !== 'any' && field.type !== 'list' && Array.isArray(value) && value.length === 1) {
      return read(field, value[0], [...path, 0], to);
    }
    switch (field.type) {
      case 'any':
        placeAll(value, path, to);
        return value;
      case 'object':
        return isMap(value)
          ? readObject(field, value, path, to)
          : wrong(
              path,
              `expected a map, got ${typeName(value)}`,
              Array.isArray(value) ? 'there is one of it: several blocks of one name are a list' : undefined,
            );
      case 'map':
        if (!isMap(value)) return wrong(path, `expected a map, got ${typeName(value)}`);
        return Object.fromEntries(
          Object.entries(value).map(([name, inner]) => [
            name,
            read(field.of, inner, [...path, name], [...to, name]),
          ]),
        );
      case 'list': {
        const isList = Array.isArray(value);
        const items = isList ? value : [value];
        return items.map((item, index) =>
          read(field.of, item, isList ? [...path, index] : path, [...to, index]),
        );
      }
      default:
        return readScalar(field, value, path);
    }
  }

  /** Of whatever is written, names are as their author spelt them. */
  function placeAll(value: unknown, path: Path, to: Path): void {
    places.set(keyOf(to), path);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const part = Array.isArray(value) ? Number(key) : key;
      placeAll(inner, [...path, part], [...to, part]);
    }
  }

  function readObject(field: ObjectField, value: Record<string, unknown>, path: Path, to: Path): unknown {
    const names = new Map(Object.keys(field.fields).map((name) => [folded(name), name]));
    const elsewhere = new Map(
      Object.entries(field.elsewhere ?? {}).map(([name, why]) => [folded(name), why]),
    );
    const result: Record<string, unknown> = {};
    const misspelt = new Set<string>();
    for (const [key, inner] of Object.entries(value)) {
      const name = names.get(folded(key));
      const own = name === undefined ? undefined : field.fields[name];
      if (name !== undefined && own !== undefined) {
        if (Object.hasOwn(result, name)) wrong([...path, key], `${name} is written twice`, undefined, 'key');
        if (only !== undefined && key !== only(name)) {
          const message = `custom resources have no field ${quote(key)}`;
          wrong([...path, key], message, `write ${only(name)}`, 'key');
        }
        result[name] = read(own, inner, [...path, key], [...to, name]);
        continue;
      }
      const why = elsewhere.get(folded(key));
      if (why !== undefined)
        wrong([...path, key], `unsupported here, because ${key} ${why}`, undefined, 'key');
      else {
        const { meant, hint } = meantBy(key, field);
        if (meant !== undefined) misspelt.add(folded(meant));
        wrong([...path, key], `unknown field ${quote(key)}`, hint, 'key');
      }
    }
    for (const name of field.needed ?? []) {
      if (result[name] === '') wrong([...path, keyAs(name, value)], 'empty; this field is needed');
      else if (
        result[name] === undefined &&
        !misspelt.has(folded(name)) &&
        !mistakes.some((each) => each.path.at(-1) === name)
      ) {
        wrong([...path, spell(name)], 'missing; this field is needed');
      }
    }
    return result;
  }

  /** A field of this place that was meant, or the place that the field of this name has. */
  function meantBy(
    key: string,
    field: ObjectField,
  ): { readonly meant?: string; readonly hint: string | undefined } {
    const here = Object.keys(field.fields).map(spell);
    const close = nearest(key, here);
    if (close !== undefined && folded(close).length > 0 && isSlip(key, close))
      return { meant: close, hint: `did you mean ${quote(close)}?` };
    // These stand at every entry, and at much in it.
    if (ofEveryEntry.has(folded(key))) return { hint: undefined };
    const places = placesOf(key, fields, spell).filter((place) => !root.includes(place) || field !== fields);
    if (places.length > 0) return { hint: `its place is ${places.slice(0, 3).join(' or ')}` };
    // "PeerName" was "Peer" once, or is so elsewhere.
    const longer = here.find((name) => name.length > 3 && folded(key).startsWith(folded(name)));
    if (longer !== undefined) return { meant: longer, hint: `did you mean ${quote(longer)}?` };
    const shown = here.filter((name) => !ofEveryEntry.has(folded(name)));
    return { hint: suggest(key, shown, 20) };
  }

  function readScalar(
    field: Exclude<Field, { type: 'any' | 'object' | 'map' | 'list' }>,
    value: unknown,
    path: Path,
  ): unknown {
    switch (field.type) {
      case 'text':
        if (typeof value !== 'string') {
          const hint = typeof value === 'object' ? undefined : 'put it in quotes';
          return wrong(path, `expected text, got ${typeName(value)}`, hint);
        }
        if (field.oneOf !== undefined && !field.oneOf.includes(value)) {
          if (field.others !== undefined) {
            return wrong(path, `unsupported here, because ${field.others}; got ${quote(value)}`);
          }
          const allowed = field.oneOf.filter(Boolean);
          const meant = nearest(value, allowed);
          const hint = meant === undefined ? undefined : `did you mean ${meant}?`;
          return wrong(path, `expected one of ${allowed.join(', ')}; got ${quote(value)}`, hint);
        }
        return value;
      case 'duration':
        if (readDuration(value) === undefined) {
          const isNegative = typeof value === 'string' && readDuration(value.replace(/^-/, '')) !== undefined;
          const hint = isNegative
            ? 'that one below 0 switches a time limit off came with a later Consul than 1.16, which leaves it away'
            : typeof value === 'number'
              ? `write it with its unit: "${value}s"`
              : 'such as "10s" or "500ms"';
          return wrong(path, `expected a duration, got ${typeName(value)}`, hint);
        }
        return value;
      case 'boolean':
        return typeof value === 'boolean'
          ? value
          : wrong(path, `expected true or false, got ${typeName(value)}`);
      default: {
        const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
        if (typeof number !== 'number' || (field.type === 'whole' && !Number.isInteger(number))) {
          const what = field.type === 'whole' ? 'a whole number' : 'a number';
          return wrong(path, `expected ${what}, got ${typeName(value)}`);
        }
        if (number < field.least) return wrong(path, `expected at least ${field.least}, got ${number}`);
        if (field.most !== undefined && number > field.most)
          return wrong(path, `expected at most ${field.most}, got ${number}`);
        return number;
      }
    }
  }
}

const ofEveryEntry: ReadonlySet<string> = new Set(['kind', 'name', 'meta', 'namespace', 'partition']);

/** A field's name as its author spelt it. */
const keyAs = (name: string, value: Record<string, unknown>) =>
  Object.keys(value).find((key) => folded(key) === folded(name)) ?? name;

const keyOf = (path: Path) => path.join('\0');

/** A letter or two: this field misspelt, and none of another place. */
function isSlip(key: string, name: string): boolean {
  const [a, b] = [folded(key), folded(name)];
  return Math.abs(a.length - b.length) <= 2 && (a.startsWith(b.slice(0, 3)) || a.endsWith(b.slice(-4)));
}

/** Where in an entry a field of this name may stand: "UpstreamConfig.Defaults.Limits"; in other kinds where it is not in this one. */
function placesOf(key: string, kind: ObjectField, spell: (canonical: string) => string): readonly string[] {
  const within = (one: ObjectField) =>
    search(one, key, [], 0).map((place) =>
      place.map((name) => (name === OWN ? name : spell(name))).join('.'),
    );
  const own = within(kind);
  if (own.length > 0) return own;
  return Object.entries(entryKinds).flatMap(([name, other]) =>
    other === kind ? [] : within(other).map((place) => `${place} of a ${name}`),
  );
}

/** Stands for a name of the author's own. */
const OWN = 'NAME';

function search(
  field: Field,
  key: string,
  path: readonly string[],
  depth: number,
): readonly (readonly string[])[] {
  if (depth > 5) return [];
  if (field.type === 'list') return search(field.of, key, path, depth);
  if (field.type === 'map') return search(field.of, key, [...path, OWN], depth + 1);
  if (field.type !== 'object') return [];
  return Object.entries(field.fields).flatMap(([name, inner]) => [
    ...(folded(name) === folded(key) ? [[...path, name]] : []),
    ...search(inner, key, [...path, name], depth + 1),
  ]);
}

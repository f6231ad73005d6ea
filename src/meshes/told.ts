import { type Path, valueAt } from '../kit/path.ts';
import type { ResourceName, Setting, Told } from '../model/effective.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';

/** A field, or a block of them, in a resource under test. */
export interface Place {
  readonly resource: MeshResource;
  readonly path: Path;
}

const nameOf = ({ kind, namespace, name }: MeshResource): ResourceName => ({ kind, namespace, name });

/** A place as something that the user wrote. */
export function settingAt({ resource, path }: Place): Setting {
  const value = valueAt(resource.value, path);
  const isScalar = value !== undefined && value !== null && typeof value !== 'object';
  return {
    by: 'setting',
    resource: nameOf(resource),
    path: pathText(path),
    ...(isScalar ? { written: String(value) } : {}),
    file: resource.file,
    // Thousands of values have one, and few are ever looked up.
    get line() {
      return resource.lineOf(path);
    },
  };
}

/** What is written there; undefined when nothing is. */
export const writtenAt = ({ resource, path }: Place): unknown => valueAt(resource.value, path) ?? undefined;

export const within = ({ resource, path }: Place, ...more: Path): Place => ({
  resource,
  path: [...path, ...more],
});

/** ['spec', 'subsets', 0, 'name'] → "spec.subsets[0].name". */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}

/** What a value would be if nobody set it, and whose default that is. */
export interface Fallback<T> {
  readonly value: T;
  /** "Envoy", or the mesh. */
  readonly of: string;
}

/** Where the value of a field may be written: the first of `places` that is there, read as the mesh reads it. */
export interface Source<T> {
  readonly places: readonly Place[];
  /** Undefined where the mesh takes what is written as if it were not. */
  read(written: unknown): T | undefined;
  readonly fallbacks: readonly Fallback<T>[];
  /** What could have changed the value on the way to the sidecar. */
  readonly maybe: readonly Setting[];
  /** Where it could be set: "connectionPool.tcp.maxConnections". */
  readonly field?: string;
}

/**
 * A value that the sidecar holds, with its origin. A place is named only if what is written there makes this very
 * value; where it does not, the origin is unknown, since a wrong reason is worse than none.
 */
export function tell<T>(value: T, { places, read, fallbacks, maybe, field }: Source<T>): Told<T> {
  for (const place of places) {
    const written = writtenAt(place);
    const meant = written === undefined ? undefined : read(written);
    if (meant === undefined) continue;
    return same(meant, value)
      ? { value, from: settingAt(place) }
      : { value, from: { by: 'unknown', maybe: [...maybe, settingAt(place)] } };
  }
  const fallback = fallbacks.find((each) => same(each.value, value));
  return {
    value,
    from: fallback ? { by: 'default', of: fallback.of, field } : { by: 'unknown', maybe },
  };
}

const same = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b);

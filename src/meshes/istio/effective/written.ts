import type { Path } from '../../../kit/path.ts';
import { valueAt } from '../../../kit/path.ts';
import type { Origin, ResourceName, Setting, Told } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Metadata } from '../../envoy/config-dump.ts';

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
  readonly of: 'Istio' | 'Envoy';
}

/** Where the value of a field may be written: the first of `places` that is there, read as Istio reads it. */
export interface Source<T> {
  readonly places: readonly Place[];
  /** Undefined where Istio takes what is written as if it were not. */
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

/**
 * The resource that istiod made something of; undefined when it does not say. It writes
 * "/apis/networking.istio.io/v1/namespaces/default/destination-rule/edge-app-dr".
 */
export function configOf(metadata: Metadata | undefined): ResourceName | undefined {
  const text = metadata?.filter_metadata?.['istio']?.['config'];
  const [, , , , , namespace, kebab, name] = typeof text === 'string' ? text.split('/') : [];
  if (namespace === undefined || kebab === undefined || name === undefined) return undefined;
  const kind = kebab
    .split('-')
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('');
  return { kind, namespace, name };
}

/** The resources under test, by kind and name. */
export class ResourcesUnderTest {
  readonly all: readonly MeshResource[];
  readonly #kinds: ReadonlyMap<string, readonly MeshResource[]>;
  readonly #names: ReadonlyMap<string, MeshResource>;

  constructor(resources: readonly MeshResource[]) {
    this.all = resources;
    this.#kinds = Map.groupBy(resources, ({ kind }) => kind);
    this.#names = new Map(resources.map((resource) => [key(resource), resource]));
  }

  ofKind(kind: string): readonly MeshResource[] {
    return this.#kinds.get(kind) ?? [];
  }

  find(name: ResourceName | undefined): MeshResource | undefined {
    return name === undefined ? undefined : this.#names.get(key(name));
  }

  /** The resource as an origin: at its name when it is under test. */
  origin(name: ResourceName, path: Path = []): Origin {
    const resource = this.find(name);
    return resource === undefined ? { by: 'resource', resource: name } : settingAt({ resource, path });
  }
}

const key = ({ kind, namespace, name }: ResourceName) => `${kind} ${namespace}/${name}`;

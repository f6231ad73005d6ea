import type { Path } from '../../../kit/path.ts';
import type { Origin, ResourceName } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import type { Metadata } from '../../envoy/config-dump.ts';
import { settingAt } from '../../told.ts';

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

import type { Path } from '../../../kit/path.ts';
import { valueAt } from '../../../kit/path.ts';
import type { Origin, Setting } from '../../../model/effective.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { type Place, settingAt } from '../../told.ts';
import { list } from '../configuration-hosts.ts';
import { type Workload, whyNotSelected } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/** One patch of an EnvoyFilter, as it is written. */
export interface FilterPatch {
  readonly resource: MeshResource;
  /** Of the entry in `configPatches`. */
  readonly path: Path;
  /** "HTTP_FILTER", "HTTP_ROUTE". */
  readonly applyTo: string;
  /** "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY"; ANY unless given. */
  readonly context: string;
  /** Name of the filter that it is about, where it is about one. */
  readonly name: string | undefined;
  readonly value: unknown;
}

/** Whether a filter of this name keeps answers. */
export const isCache = (name: string) => /\.cache(_v2)?$/.test(name);

/** Every patch of an EnvoyFilter. */
export function patchesOf(resource: MeshResource): readonly FilterPatch[] {
  return list(valueAt(resource.value, ['spec', 'configPatches'])).map((patch, index) => {
    const name = valueAt(patch, ['patch', 'value', 'name']);
    return {
      resource,
      path: ['spec', 'configPatches', index],
      applyTo: String(valueAt(patch, ['applyTo']) ?? ''),
      context: String(valueAt(patch, ['match', 'context']) ?? 'ANY'),
      name: typeof name === 'string' ? name : undefined,
      value: valueAt(patch, ['patch', 'value']),
    };
  });
}

/** The EnvoyFilters that hold for a workload. */
const filtersFor = (under: ResourcesUnderTest, workload: Workload) =>
  under.ofKind('EnvoyFilter').filter((resource) => whyNotSelected(resource, workload) === undefined);

/** The patches that hold for a workload, in the order in which they are written. */
export const patchesFor = (under: ResourcesUnderTest, workload: Workload): readonly FilterPatch[] =>
  filtersFor(under, workload).flatMap(patchesOf);

/** The EnvoyFilters that hold for a workload: they may change whatever a sidecar holds. */
export function envoyFilters(under: ResourcesUnderTest, workload: Workload): readonly Setting[] {
  return filtersFor(under, workload).map((resource) =>
    settingAt({ resource, path: ['spec', 'configPatches'] }),
  );
}

/** The patch of an EnvoyFilter that puts a filter of this name in. */
export function patchOrigin(name: string, under: ResourcesUnderTest, workload: Workload): Origin {
  const patch = patchesFor(under, workload).find((each) => each.name === name);
  return patch === undefined
    ? { by: 'unknown', maybe: envoyFilters(under, workload) }
    : settingAt({ resource: patch.resource, path: [...patch.path, 'patch'] });
}

/** A field that is written somewhere in the value of a patch, whatever is around it, in either of its spellings. */
export function writtenFields(patch: FilterPatch, field: string): readonly Place[] {
  const { resource, path, value } = patch;
  return fieldsIn(value, field, [...path, 'patch', 'value']).map((at) => ({ resource, path: at }));
}

function fieldsIn(value: unknown, field: string, path: Path): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((each, index) => [index, each] as const)
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => [
    ...(snakeCase(String(key)) === field ? [[...path, key]] : []),
    ...fieldsIn(inner, field, [...path, key]),
  ]);
}

const snakeCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The other spelling in which Envoy takes a field: "filter_enabled" → "filterEnabled". */
export const inCamelCase = (name: string) =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What an author wrote into an untyped struct, with every field's name as Envoy itself writes it. */
export function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [snakeCase(key), inSnakeCase(inner)]),
  );
}

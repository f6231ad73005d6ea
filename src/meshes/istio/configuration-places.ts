import type { Path } from '../../kit/path.ts';
import { fieldSchema, type ResourceSchema } from './schemas/contract.ts';

/** Further away than this, a field of the same name is another one. */
const mostSteps = 6;
const mostShown = 3;

/**
 * Where a field that is not allowed at a place would be: below it ("http.http1MaxPendingRequests"), else beside or
 * above it ("spec.trafficPolicy.outlierDetection"), the nearest ones only.
 */
export function placesOf(name: string, root: ResourceSchema, at: Path): readonly string[] {
  for (let up = 0; up <= at.length; up++) {
    const above = at.slice(0, at.length - up);
    const schema = schemaAt(root, above);
    if (schema === undefined) continue;
    const below = placesBelow(schema, name, mostSteps - up);
    const places = up === 0 ? below : below.map((place) => [...above, place].join('.'));
    if (places.length > 0) return nearestOf(places);
  }
  return [];
}

/** An entry of a list is one more step. */
const stepsTo = (place: string) => place.split(/\.|\[\]/).length;

function nearestOf(places: readonly string[]): readonly string[] {
  const least = Math.min(...places.map(stepsTo));
  return places.filter((place) => stepsTo(place) === least).slice(0, mostShown);
}

/** Names of fields, dotted, with [] behind a list's. */
function placesBelow(schema: ResourceSchema, name: string, steps: number): string[] {
  if (steps <= 0) return [];
  const properties = schema.properties ?? {};
  const here = Object.hasOwn(properties, name) ? [name] : [];
  const deeper = Object.entries(properties).flatMap(([field, inner]) => [
    ...placesBelow(inner, name, steps - 1).map((place) => `${field}.${place}`),
    ...(inner.items === undefined
      ? []
      : placesBelow(inner.items, name, steps - 2).map((place) => `${field}[].${place}`)),
  ]);
  return [...here, ...deeper];
}

/** The schema of what stands at a path. */
function schemaAt(root: ResourceSchema, path: Path): ResourceSchema | undefined {
  let schema: ResourceSchema | undefined = root;
  for (const step of path) {
    schema = typeof step === 'number' ? schema.items : fieldSchema(schema, step);
    if (schema === undefined) return undefined;
  }
  return schema;
}

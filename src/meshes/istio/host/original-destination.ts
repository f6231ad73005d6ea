import { type Problem, ProblemsError } from '../../../kit/problems.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';

/**
 * PASSTHROUGH sends a request where its connection went before it was redirected. On one host nothing redirects
 * connections, so that there is no such place: a sidecar would have no host, which says nothing about a cluster.
 */
export function refusePassthrough(resources: readonly MeshResource[]): void {
  const problems = resources.flatMap((resource) =>
    resource.kind === 'DestinationRule'
      ? placesOf(resource.value['spec'], ['spec']).map((path): Problem => {
          const what = 'PASSTHROUGH needs connections that are redirected to the sidecar';
          return {
            file: resource.file,
            line: resource.lineOf(path),
            path: path.join('.'),
            message: `${what}, and the local lab redirects none`,
            hint: 'run it with --env docker or --env kind',
          };
        })
      : [],
  );
  if (problems.length > 0) throw new ProblemsError(problems);
}

type Path = readonly (string | number)[];

/** Every `loadBalancer.simple: PASSTHROUGH` below a value. */
function placesOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const isPlace = key === 'simple' && path.at(-1) === 'loadBalancer' && inner === 'PASSTHROUGH';
    return isPlace ? [at] : placesOf(inner, at);
  });
}

import { type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { readDuration } from '../go-duration.ts';
import { listAt } from './entries/written.ts';

/** What Consul takes, and what does something else than it seems to. */
export function warningsAbout(resources: readonly MeshResource[]): readonly Problem[] {
  return resources.flatMap((entry) => {
    switch (entry.kind) {
      case 'service-router':
        return listAt(entry.value, ['Routes']).flatMap((_, index) =>
          inDestination(entry, ['Routes', index, 'Destination']),
        );
      case 'service-intentions':
        return inIntentions(entry);
      default:
        return [];
    }
  });
}

function warning({ file, lineOf }: MeshResource, path: Path, message: string): Problem {
  return { file, line: lineOf(path), path: path.join('.'), message };
}

/** Where nothing denies, Consul allows; a cluster whose ACLs deny by default does not, and there the same entry does. */
function inIntentions(entry: MeshResource): readonly Problem[] {
  const sources = listAt(entry.value, ['Sources']);
  const permissionsOf = (source: unknown) => listAt(source, ['Permissions']);
  const denies = (each: unknown) => valueAt(each, ['Action']) === 'deny';
  const unless = 'unless the ACLs of the cluster deny by default';
  if (sources.length > 0 && !sources.some((source) => [source, ...permissionsOf(source)].some(denies)))
    return [warning(entry, ['Sources'], `nothing here is denied, so that everybody may call, ${unless}`)];
  return sources.flatMap((source, index) =>
    permissionsOf(source).length === 0 || permissionsOf(source).some(denies)
      ? []
      : [warning(entry, ['Sources', index, 'Permissions'], `what none of these fits is let in, ${unless}`)],
  );
}

function inDestination(router: MeshResource, at: Path): readonly Problem[] {
  const written = (field: string) => valueAt(router.value, [...at, field]);
  const warn = (field: string, message: string) => warning(router, [...at, field], message);
  const attempts = written('NumRetries');
  const tries =
    written('RetryOnConnectFailure') === true ||
    ['RetryOn', 'RetryOnStatusCodes'].some((list) => listAt(router.value, [...at, list]).length > 0);
  return [
    ...(attempts === 0 && tries
      ? [warn('NumRetries', 'Consul leaves a 0 away, and Envoy tries once again where nothing is said')]
      : []),
    ...(typeof attempts === 'number' && attempts > 0 && !tries
      ? [
          warn(
            'NumRetries',
            'nothing is tried again without RetryOn, RetryOnStatusCodes or RetryOnConnectFailure',
          ),
        ]
      : []),
    ...(written('RequestTimeout') !== undefined && readDuration(written('RequestTimeout')) === 0
      ? [warn('RequestTimeout', 'Consul leaves a 0 away, and Envoy waits for 15 s where nothing is said')]
      : []),
  ];
}

import { type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { readDuration } from '../go-duration.ts';
import { listAt } from './entries/meaning.ts';

/** What Consul takes, and what does something else than it seems to. */
export function warningsAbout(resources: readonly MeshResource[]): readonly Problem[] {
  return resources
    .filter(({ kind }) => kind === 'service-router')
    .flatMap((router) =>
      listAt(router.value, ['Routes']).flatMap((_, index) =>
        inDestination(router, ['Routes', index, 'Destination']),
      ),
    );
}

function inDestination(router: MeshResource, at: Path): readonly Problem[] {
  const written = (field: string) => valueAt(router.value, [...at, field]);
  const warn = (field: string, message: string): Problem => {
    const path = [...at, field];
    return { file: router.file, line: router.lineOf(path), path: path.join('.'), message };
  };
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

import { type Path, valueAt } from '../../kit/path.ts';
import type { Problem } from '../../kit/problems.ts';
import type { MeshResource } from '../../model/mesh-configuration.ts';
import { readDuration } from '../go-duration.ts';
import { spokenVersion } from './effective/tls-versions.ts';
import { listAt } from './entries/written.ts';

/** What Consul takes, and what does something else than it seems to. */
export function warningsAbout(resources: readonly MeshResource[]): readonly Problem[] {
  return resources.flatMap((entry) => {
    switch (entry.kind) {
      case 'service-router':
        return listAt(entry.value, ['Routes']).flatMap((_, index) => [
          ...inRewrite(entry, ['Routes', index]),
          ...inDestination(entry, ['Routes', index, 'Destination']),
        ]);
      case 'service-intentions':
        return inIntentions(entry);
      case 'mesh':
        return inVersionsOfTls(entry);
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
  const order = sources.flatMap((source, index) =>
    valueAt(source, ['Precedence']) === undefined
      ? []
      : [
          warning(
            entry,
            ['Sources', index, 'Precedence'],
            'Consul works it out by the names, whatever is written: who is named goes before "*"',
          ),
        ],
  );
  if (sources.length > 0 && !sources.some((source) => [source, ...permissionsOf(source)].some(denies)))
    return [
      ...order,
      warning(entry, ['Sources'], `nothing here is denied, so that everybody may call, ${unless}`),
    ];
  const open = sources.flatMap((source, index) =>
    permissionsOf(source).length === 0 || permissionsOf(source).some(denies)
      ? []
      : [warning(entry, ['Sources', index, 'Permissions'], `what none of these fits is let in, ${unless}`)],
  );
  return [...order, ...open];
}

/** Callers are Envoys as well, which speak nothing newer than 1.2 unless they are told to. */
function inVersionsOfTls(mesh: MeshResource): readonly Problem[] {
  const written = valueAt(mesh.value, ['TLS']);
  const most = spokenVersion('Outgoing', 'TLSMaxVersion', valueAt(written, ['Outgoing', 'TLSMaxVersion']));
  const least = spokenVersion('Incoming', 'TLSMinVersion', valueAt(written, ['Incoming', 'TLSMinVersion']));
  if (least <= most) return [];
  const at: Path = ['TLS', 'Incoming', 'TLSMinVersion'];
  return [
    warning(
      mesh,
      valueAt(mesh.value, at) === undefined ? ['TLS', 'Outgoing', 'TLSMaxVersion'] : at,
      `no call comes through: sidecars that call speak ${most} at most (TLS.Outgoing.TLSMaxVersion), and those that are called take ${least} at least`,
    ),
  ];
}

/** A prefix is replaced as it stands, and what is behind it follows at once. */
function inRewrite(router: MeshResource, route: Path): readonly Problem[] {
  const at: Path = [...route, 'Destination', 'PrefixRewrite'];
  const rewrite = valueAt(router.value, at);
  const prefix = valueAt(router.value, [...route, 'Match', 'HTTP', 'PathPrefix']);
  if (rewrite === '')
    return [warning(router, at, 'Consul leaves an empty one away, and nothing is rewritten')];
  if (typeof rewrite !== 'string' || typeof prefix !== 'string') return [];
  if (prefix.endsWith('/') === rewrite.endsWith('/')) return [];
  const asked = prefix.endsWith('/') ? `${prefix}x` : `${prefix}/x`;
  const becomes = `${rewrite}${asked.slice(prefix.length)}`;
  return [warning(router, at, `${asked} becomes ${becomes}: the prefix is replaced as it stands`)];
}

/** As consul-k8s has entries, which is not always as Consul does. */
const isResource = ({ file }: MeshResource) => /\.ya?ml$/i.test(file);

function inDestination(router: MeshResource, at: Path): readonly Problem[] {
  const written = (field: string) => valueAt(router.value, [...at, field]);
  const warn = (field: string, message: string) => warning(router, [...at, field], message);
  const attempts = written('NumRetries');
  const tries =
    written('RetryOnConnectFailure') === true ||
    ['RetryOn', 'RetryOnStatusCodes'].some((list) => listAt(router.value, [...at, list]).length > 0);
  return [
    ...(isResource(router) && listAt(router.value, [...at, 'RetryOn']).length > 0
      ? [warn('RetryOn', 'consul-k8s before 1.2.4 leaves it away without a word')]
      : []),
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

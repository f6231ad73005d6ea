import { stringify } from 'yaml';
import { usageError } from '../../kit/errors.ts';
import { type Path, valueAt } from '../../kit/path.ts';
import { valuesOf, withField } from '../../kit/yaml-edit.ts';
import { describeResource, type MeshResource } from '../../model/mesh-configuration.ts';
import { type LimitName, limitNames, type PoolLimits } from '../../model/pool-limits.ts';
import type { PoolRule, PoolSettings } from '../contract.ts';
import { fullHost, list } from './configuration-hosts.ts';
import { serviceHost } from './names.ts';

const POOL: Path = ['spec', 'trafficPolicy', 'connectionPool'];

const pathOf = (name: LimitName): Path => [...POOL, ...name.split('.')];

/** Where the limits of a service's pool are written: `connectionPool` of the DestinationRule for its host. */
export const poolSettings: PoolSettings = {
  // Istio gives the pool of a rule to the inbound cluster too.
  holdAtServers: true,

  limits: limitNames,

  ofConnections: 'connectionPool.tcp.maxConnections',

  ruleFor(resources, { to: service, namespace }) {
    const host = serviceHost(service, namespace);
    const rules = resources.filter(({ kind }) => kind === 'DestinationRule');
    const own = rules.filter((rule) => hostOf(rule) === host);
    const [rule, another] = own;
    if (rule === undefined) {
      const wide = rules.find((each) => hostOf(each).startsWith('*') && host.endsWith(hostOf(each).slice(1)));
      if (wide === undefined) return undefined;
      throw usageError(
        `${at(wide, ['spec', 'host'])}: ${describeResource(wide)} is for ${hostOf(wide)}, and limits would hold for other services too`,
        `write a DestinationRule for ${host} beside it, with what of it is to go on holding there`,
      );
    }
    if (another !== undefined) {
      throw usageError(
        `${at(another, ['spec', 'host'])}: ${describeResource(another)} is for ${host} like ${describeResource(rule)}`,
        'leave one DestinationRule for the service: which of two holds depends on their namespaces and ages',
      );
    }
    refuseOverridden(rule);
    return ruleOf(rule);
  },

  withLimits(content, { resource }, _, limits) {
    const number = valuesOf(content).findIndex((value) => isResource(value, resource));
    let text = content;
    for (const name of limitNames) {
      const value = limits[name];
      if (value === undefined) continue;
      const changed = number < 0 ? undefined : withField(text, number, pathOf(name), value);
      if (changed === undefined) {
        throw usageError(
          `${resource.file}: ${pathOf(name).join('.')} of ${describeResource(resource)} cannot be set without changing more of the file`,
          'write the connectionPool out: no list of resources, alias or merge on the way to it',
        );
      }
      text = changed;
    }
    return text;
  },

  newRule: ({ to: service, namespace }, limits) => ({
    name: { kind: 'DestinationRule', namespace, name: service },
    file: 'limits-under-trial.yaml',
    text: stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: service, namespace },
      spec: { host: serviceHost(service, namespace), trafficPolicy: { connectionPool: nested(limits) } },
    }),
  }),

  patch: (_, limits) => stringify({ spec: { trafficPolicy: { connectionPool: nested(limits) } } }),
};

const hostOf = ({ value, namespace }: MeshResource) =>
  fullHost(String(valueAt(value, ['spec', 'host']) ?? ''), namespace);

const at = (resource: MeshResource, path: Path) => `${resource.file}:${resource.lineOf(path)}`;

/** A part of the rule that has a pool of its own takes nothing from the one that is searched. */
function refuseOverridden(rule: MeshResource): void {
  const ports = list(valueAt(rule.value, [...POOL.slice(0, 2), 'portLevelSettings'])).map(
    (_, index): Path => [...POOL.slice(0, 2), 'portLevelSettings', index],
  );
  const subsets = list(valueAt(rule.value, ['spec', 'subsets'])).flatMap((_, index): Path[] => [
    ['spec', 'subsets', index, 'trafficPolicy', 'connectionPool'],
    ['spec', 'subsets', index, 'trafficPolicy', 'portLevelSettings'],
  ]);
  const found = [...ports, ...subsets].find((path) => valueAt(rule.value, path) !== undefined);
  if (found === undefined) return;
  throw usageError(
    `${at(rule, found)}: ${found.join('.')} has settings of its own, so the limits of ${describeResource(rule)} do not hold everywhere`,
    'tune takes a service with one pool: leave settings of single ports and the pools of subsets out',
  );
}

function ruleOf(resource: MeshResource): PoolRule {
  const written: Partial<Record<LimitName, number>> = {};
  for (const name of limitNames) {
    const value = Number(valueAt(resource.value, pathOf(name)) ?? 0);
    if (value > 0) written[name] = value;
  }
  const upgrades = valueAt(resource.value, [...POOL, 'http', 'h2UpgradePolicy']) === 'UPGRADE';
  const streams = [...POOL, 'http', 'maxConcurrentStreams'];
  const limitsStreams = Number(valueAt(resource.value, streams) ?? 0) > 0;
  return { resource, written, upgrades, ...(limitsStreams ? { streams: at(resource, streams) } : {}) };
}

function isResource(value: unknown, { kind, name, namespace }: MeshResource): boolean {
  return (
    valueAt(value, ['kind']) === kind &&
    valueAt(value, ['metadata', 'name']) === name &&
    (valueAt(value, ['metadata', 'namespace']) ?? namespace) === namespace
  );
}

function nested(limits: PoolLimits): Record<string, Record<string, number>> {
  const pool: Record<string, Record<string, number>> = {};
  for (const name of limitNames) {
    const [group = '', field = ''] = name.split('.');
    const value = limits[name];
    if (value !== undefined) pool[group] = { ...pool[group], [field]: value };
  }
  return pool;
}

import { valueAt } from '../../../kit/path.ts';
import type { Subject, Unused } from '../../../model/effective.ts';
import { portsOf } from '../../../model/topology.ts';
import type { EnvoyListener } from '../../envoy/config-dump.ts';
import { type Place, settingAt, writtenAt } from '../../told.ts';
import { ISTIO_VERSION } from '../version.ts';
import { type FilterPatch, isCache, patchesOf } from './filter-patches.ts';
import { selectorOf, type Workload, whyNotSelected } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/** Names of the filters that requests pass in a sidecar: those that come to its app, and those that its app makes. */
interface HeldFilters {
  readonly inbound: ReadonlySet<string>;
  readonly outbound: ReadonlySet<string>;
}

/** The names of every filter in listeners of one direction. */
export function filterNames(listeners: readonly EnvoyListener[]): ReadonlySet<string> {
  return new Set(
    listeners
      .flatMap(({ filter_chains = [] }) => filter_chains)
      .flatMap(({ filters = [] }) => filters)
      .flatMap((filter) => [filter, ...(filter.typed_config?.http_filters ?? [])])
      .flatMap(({ name }) => name ?? []),
  );
}

interface PatchContext {
  readonly under: ResourcesUnderTest;
  readonly workload: Workload;
  readonly held: HeldFilters;
}

/** Filters that an EnvoyFilter was to put into a sidecar for what comes to its app, and that are not there. */
export function unusedByServedRequests(service: string, context: PatchContext): readonly Unused[] {
  const { under, held } = context;
  return under
    .ofKind('EnvoyFilter')
    .flatMap(patchesOf)
    .flatMap((patch): readonly Unused[] => {
      const there = patch.context === 'SIDECAR_OUTBOUND' ? held.outbound : held.inbound;
      const own = ['SIDECAR_OUTBOUND', `it is for what ${context.workload.instance.service} calls`] as const;
      return unusedPatch(patch, { service, side: 'server' }, there, own, context);
    });
}

/** The same for what a client calls: of patches that name it, or that are for calls. */
export function unusedByCalls(service: string, context: PatchContext): readonly Unused[] {
  const { under, workload, held } = context;
  return under
    .ofKind('EnvoyFilter')
    .filter((resource) => whyNotSelected(resource, workload) === undefined)
    .flatMap(patchesOf)
    .filter((patch) => selectorOf(patch.resource) !== undefined || patch.context === 'SIDECAR_OUTBOUND')
    .flatMap((patch): readonly Unused[] => {
      const own = ['SIDECAR_INBOUND', `it is for what comes to ${workload.instance.service}`] as const;
      return unusedPatch(patch, { service, side: 'client' }, held.outbound, own, context);
    });
}

/** A patch that puts a filter in, where it is not there; `other` is the context for the other side, and what that is. */
function unusedPatch(
  patch: FilterPatch,
  about: Pick<Unused, 'service' | 'side'>,
  there: ReadonlySet<string>,
  other: readonly [string, string],
  context: PatchContext,
): readonly Unused[] {
  const { name, resource } = patch;
  if (patch.applyTo !== 'HTTP_FILTER' || name === undefined) return [];
  const elsewhere = whyElsewhere(patch, about.side, there, other, context);
  if (elsewhere === undefined && there.has(name)) return [];
  const { why, place } = elsewhere ?? {
    why: `nothing in the sidecar of ${context.workload.instance.name} fits its match`,
    place: { resource, path: [...patch.path, 'match'] },
  };
  return [{ about: subjectOf(name), ...about, setting: settingAt(place), why }];
}

function subjectOf(name: string): Subject {
  if (name.endsWith('ratelimit')) return 'rate-limit';
  return isCache(name) ? 'cache' : 'filter';
}

/** Why a patch is not for this side of this workload; undefined where it is. */
function whyElsewhere(
  { resource, path, context, name = '' }: FilterPatch,
  side: Unused['side'],
  there: ReadonlySet<string>,
  [otherContext, otherSide]: readonly [string, string],
  { workload }: PatchContext,
): { readonly why: string; readonly place: Place } | undefined {
  const { instance } = workload;
  const selected = whyNotSelected(resource, workload);
  if (selected !== undefined) {
    const selector = selectorOf(resource) === undefined ? 'spec' : 'spec.workloadSelector';
    return { why: selected, place: { resource, path: selector.split('.') } };
  }
  const at = (...more: readonly string[]): Place => ({ resource, path: [...path, 'match', ...more] });
  if (context === otherContext && !there.has(name)) {
    const needed =
      side === 'server' ? 'what comes to it is SIDECAR_INBOUND' : 'what it calls is SIDECAR_OUTBOUND';
    return { why: `${otherSide}; ${needed}`, place: at('context') };
  }
  if (context === 'GATEWAY') {
    return { why: `it is for gateways, and ${instance.name} has a sidecar`, place: at('context') };
  }
  const port = writtenAt(at('listener', 'portNumber'));
  if (side === 'server' && typeof port === 'number' && !portsOf(instance).includes(port)) {
    const why = `${instance.name} listens on ${portsOf(instance).join(' and ')}, and not on ${port}`;
    return { why, place: at('listener', 'portNumber') };
  }
  const version = valueAt(resource.value, at('proxy', 'proxyVersion').path);
  if (!there.has(name) && typeof version === 'string' && !fits(version, ISTIO_VERSION)) {
    return { why: `it is for sidecars of a version like ${version}`, place: at('proxy', 'proxyVersion') };
  }
  return undefined;
}

/** Go and JavaScript read such expressions alike; one that is none fits nothing. */
function fits(expression: string, text: string): boolean {
  try {
    return new RegExp(expression).test(text);
  } catch {
    return false;
  }
}

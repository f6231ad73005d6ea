import { valueAt } from '../../../kit/path.ts';
import type { MeshResource } from '../../../model/mesh-configuration.ts';
import { type Place, within, writtenAt } from '../../told.ts';
import { fullHost, list, texts } from '../configuration-hosts.ts';
import { olderFirst, selectorOf } from './selection.ts';
import type { ResourcesUnderTest } from './written.ts';

/** The parts of a traffic policy that Istio takes whole from one place. */
export const blocks = ['connectionPool', 'outlierDetection', 'loadBalancer', 'tls'] as const;
export type Block = (typeof blocks)[number];

/** Where the traffic policy of a cluster is written, after Istio has merged rules, subsets and ports. */
export interface Policy {
  /** The rule that the cluster names, and those that Istio adds to it. */
  readonly rules: readonly MeshResource[];
  /** Where a block is, if anywhere. */
  block(block: Block): Place | undefined;
  readonly subset: Place | undefined;
}

/**
 * The traffic policy of a service's cluster, as istiod merges it: the first rule of a host has its own policy or the
 * next one's; subsets are collected; an entry for the port replaces the whole policy around it; what a subset sets
 * replaces the same block of the host.
 * https://github.com/istio/istio/blob/1.29.1/pilot/pkg/model/destination_rule.go,
 * https://github.com/istio/istio/blob/1.29.1/pilot/pkg/networking/util/util.go (MergeSubsetTrafficPolicy)
 */
export function policyOf(
  first: MeshResource,
  subset: string | undefined,
  port: number,
  under: ResourcesUnderTest,
): Policy {
  const rules = mergedWith(first, under);
  const subsetPlace = subset === undefined ? undefined : subsetNamed(rules, subset);
  const host = rules.map((resource) => ({ resource, path: ['spec', 'trafficPolicy'] })).find(isThere);
  const ofHost = host && atPort(host, port);
  const own = subsetPlace && within(subsetPlace, 'trafficPolicy');
  const ofSubset = own && isThere(own) ? atPort(own, port) : undefined;
  return {
    rules,
    subset: subsetPlace,
    block(block) {
      if (ofSubset) {
        const place = within(ofSubset.place, block);
        if (isThere(place)) return place;
        // An entry for the port has everything or the defaults.
        if (ofSubset.forPort) return undefined;
      }
      const place = ofHost && within(ofHost.place, block);
      return place && isThere(place) ? place : undefined;
    },
  };
}

const isThere = (place: Place) => writtenAt(place) !== undefined;

/** The entry for a port in a traffic policy, or the policy itself. */
function atPort(policy: Place, port: number): { readonly place: Place; readonly forPort: boolean } {
  const entries = list(writtenAt(within(policy, 'portLevelSettings')));
  const index = entries.findIndex((entry) => valueAt(entry, ['port', 'number']) === port);
  return index < 0
    ? { place: policy, forPort: false }
    : { place: within(policy, 'portLevelSettings', index), forPort: true };
}

function subsetNamed(rules: readonly MeshResource[], name: string): Place | undefined {
  for (const resource of rules) {
    const index = list(valueAt(resource.value, ['spec', 'subsets'])).findIndex(
      (each) => valueAt(each, ['name']) === name,
    );
    if (index >= 0) return { resource, path: ['spec', 'subsets', index] };
  }
  return undefined;
}

/** The rule and those for the same host that Istio merges into it, in its order. */
export function mergedWith(first: MeshResource, under: ResourcesUnderTest): readonly MeshResource[] {
  const others = under
    .ofKind('DestinationRule')
    .filter((rule) => rule !== first && mergeKey(rule) === mergeKey(first))
    .toSorted(olderFirst);
  return [first, ...others];
}

function mergeKey(rule: MeshResource): string {
  const host = fullHost(String(valueAt(rule.value, ['spec', 'host'])), rule.namespace);
  const exportTo = texts(valueAt(rule.value, ['spec', 'exportTo'])).toSorted();
  const selector = Object.entries(selectorOf(rule) ?? {}).toSorted();
  return JSON.stringify([rule.namespace, host, exportTo, selectorOf(rule) === undefined ? null : selector]);
}

import { isMap, valueAt } from '../../../kit/path.ts';
import { type Place, within, writtenAt } from '../../told.ts';
import { list } from '../configuration-hosts.ts';
import type { Workload } from './selection.ts';

/** Whether a rule such as "region1/*", "region1/zone-east/*" or "*" takes in a region/zone[/sub-zone], as Istio reads it. */
export function isWithin(locality: string, rule: string): boolean {
  const parts = locality.split('/');
  return rule
    .split('/')
    .slice(0, 3)
    .every((wanted, index) => wanted === '*' || (index > 0 && wanted === '') || wanted === parts[index]);
}

/** The entry of `distribute` that holds for callers in a locality: the first that takes it in; -1 where none does. */
export const distributeEntry = (distribute: unknown, locality: string): number =>
  list(distribute).findIndex((entry) => isWithin(locality, String(valueAt(entry, ['from']))));

/** The hosts of a service, as a setting of localities tells them apart. */
export interface LocatedHosts {
  readonly service: string;
  /** region/zone[/sub-zone] of each; one may be there several times. */
  readonly localities: readonly string[];
  readonly labels: readonly Readonly<Record<string, string>>[];
}

/** A part of a setting of localities that has no effect for a caller, and why. */
interface Idle {
  readonly place: Place;
  readonly why: string;
}

/** Entries of `distribute` that send nothing anywhere: all of them where none is for this caller. */
export function idleDistribute(distribute: Place, hosts: LocatedHosts, caller: Workload): readonly Idle[] {
  const entries = list(writtenAt(distribute));
  const index = distributeEntry(entries, caller.instance.locality);
  if (index < 0) return entries.map((entry, at) => forOthers(within(distribute, at, 'from'), entry, caller));
  const to = valueAt(entries[index], ['to']);
  return Object.keys(isMap(to) ? to : {})
    .filter((rule) => !hosts.localities.some((locality) => isWithin(locality, rule)))
    .map((rule) => ({
      place: within(distribute, index, 'to', rule),
      why: `no host of ${hosts.service} is in ${rule}`,
    }));
}

/** Entries of `failover` that lead nowhere: all of them where none is for the region of this caller. */
export function idleFailover(failover: Place, hosts: LocatedHosts, caller: Workload): readonly Idle[] {
  const region = regionOf(caller.instance.locality);
  const entries = list(writtenAt(failover));
  const index = entries.findIndex((entry) => valueAt(entry, ['from']) === region);
  if (index < 0) return entries.map((entry, at) => forOthers(within(failover, at, 'from'), entry, caller));
  const to = String(valueAt(entries[index], ['to']));
  if (hosts.localities.some((locality) => regionOf(locality) === to)) return [];
  return [{ place: within(failover, index, 'to'), why: `no host of ${hosts.service} is in ${to}` }];
}

/** Labels that istiod gives hosts beside their own: their cluster, network and node. */
const givenByIstio = /^(topology\.istio\.io|kubernetes\.io)\//;

/** Labels of `failoverPriority` in which all hosts are alike though they were to be told apart by them. */
export function idlePriorities(priorities: Place, hosts: LocatedHosts, caller: Workload): readonly Idle[] {
  return list(writtenAt(priorities)).flatMap((written, index): readonly Idle[] => {
    const [label = '', value] = String(written).split('=');
    const place = within(priorities, index);
    if (givenByIstio.test(label)) return [];
    if (hosts.labels.every((labels) => labels[label] === undefined)) {
      return [{ place, why: `no host of ${hosts.service} has a label ${label}` }];
    }
    const wanted = value ?? caller.labels[label];
    // Where neither has a label the two are alike in it.
    if (hosts.labels.some((labels) => labels[label] === wanted)) return [];
    const why =
      wanted === undefined
        ? `${caller.instance.name} has no label ${label}, as every host of ${hosts.service} has`
        : `no host of ${hosts.service} has the label ${label}=${wanted}`;
    return [{ place, why }];
  });
}

const regionOf = (locality: string) => locality.split('/')[0];

function forOthers(place: Place, entry: unknown, { instance }: Workload): Idle {
  const from = String(valueAt(entry, ['from']));
  return { place, why: `it is for callers in ${from}, and ${instance.name} is in ${instance.locality}` };
}

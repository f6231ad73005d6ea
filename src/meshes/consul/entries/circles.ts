import { mapAt, type Path, valueAt } from '../../../kit/path.ts';
import type { Problem } from '../../../kit/problems.ts';
import type { Entry } from './read.ts';
import { listAt } from './written.ts';

/** From one service to another, and where that is written. */
interface Way {
  readonly entry: Entry;
  readonly path: Path;
  readonly to: string;
}

/** Entries that lead back to where they began, which Consul refuses once it has all of them, and failover to itself. */
export function mistakesInCircles(entries: readonly Entry[]): readonly Problem[] {
  return [
    ...circles(entries.flatMap(redirectOf), 'redirect'),
    ...circles(entries.flatMap(splitsOf), 'split'),
    ...entries.flatMap(failoverToItself),
  ];
}

const serviceAt = (entry: Entry, path: Path): string => {
  const service = valueAt(entry.value, [...path, 'Service']);
  return typeof service === 'string' && service !== '' ? service : entry.name;
};

/** Whether a redirect or a failover is for hosts of the same datacenter. */
const staysHere = (to: unknown): boolean =>
  ['Datacenter', 'Datacenters', 'Peer'].every((name) =>
    [undefined, ''].includes(valueAt(to, [name]) as string),
  );

function redirectOf(entry: Entry): readonly Way[] {
  const redirect = entry.kind === 'service-resolver' ? mapAt(entry.value, ['Redirect']) : undefined;
  if (redirect === undefined || !staysHere(redirect)) return [];
  return [{ entry, path: ['Redirect'], to: serviceAt(entry, ['Redirect']) }];
}

/** A split that leads to its own service goes on to the service's hosts. */
function splitsOf(entry: Entry): readonly Way[] {
  if (entry.kind !== 'service-splitter') return [];
  return listAt(entry.value, ['Splits'])
    .map((_, index): Way => ({ entry, path: ['Splits', index], to: serviceAt(entry, ['Splits', index]) }))
    .filter(({ to }) => to !== entry.name);
}

function circles(ways: readonly Way[], what: string): readonly Problem[] {
  const reported = new Set<Entry>();
  return ways.flatMap((way) => {
    const round = roundFrom(way, ways);
    if (round === undefined || round.some(({ entry }) => reported.has(entry))) return [];
    for (const { entry } of round) reported.add(entry);
    const names = [way.entry.name, ...round.map(({ to }) => to)].join(' → ');
    return [way.entry.problem(way.path, `this ${what} leads back to where it began: ${names}`)];
  });
}

/** The ways that lead from one back to its own service; undefined where none do. */
function roundFrom(way: Way, ways: readonly Way[], before: readonly Way[] = []): readonly Way[] | undefined {
  const so = [...before, way];
  if (way.to === so[0]?.entry.name) return so;
  if (before.some(({ entry }) => entry.name === way.to)) return undefined;
  for (const next of ways.filter(({ entry }) => entry.name === way.to)) {
    const round = roundFrom(next, ways, so);
    if (round !== undefined) return round;
  }
  return undefined;
}

/** Consul leaves out what a failover has in common with what it is for. */
function failoverToItself(entry: Entry): readonly Problem[] {
  if (entry.kind !== 'service-resolver') return [];
  const usual = valueAt(entry.value, ['DefaultSubset']);
  const meant = (subset: unknown) => (typeof subset === 'string' && subset !== '' ? subset : (usual ?? ''));
  return Object.entries(mapAt(entry.value, ['Failover']) ?? {}).flatMap(([subset, failover]) => {
    const targets = listAt(failover, ['Targets']);
    const places: readonly Path[] =
      targets.length > 0
        ? targets.map((_, index) => ['Failover', subset, 'Targets', index])
        : [['Failover', subset]];
    const isItself = (path: Path) =>
      mapAt(entry.value, path) !== undefined &&
      staysHere(valueAt(entry.value, path)) &&
      serviceAt(entry, path) === entry.name &&
      meant(valueAt(entry.value, [...path, 'ServiceSubset'])) === (subset === '*' ? meant('') : subset);
    return places
      .filter(isItself)
      .map((path) => entry.problem(path, 'this failover leads to the very hosts that it is for'));
  });
}

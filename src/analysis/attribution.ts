import type { Ending } from '../evidence/endings.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { MeshResource } from '../model/mesh-configuration.ts';
import type { Report } from '../report/model.ts';
import { phaseNames } from './phases.ts';
import { NO_HOST, type SettledEnding, type Traffic } from './traffic.ts';

export type ErrorGroup = Report['errors'][number];

interface Tally {
  readonly client: SettledEnding;
  /** What the server's own sidecar said about the last attempt, when it says more than the client's. */
  readonly server: Ending | undefined;
  /** The service that its load calls. */
  readonly called: string;
  count: number;
  readonly byPhase: number[];
}

/** Every request that did not succeed, grouped by cause, host and setting, the most frequent first. */
export function attribute(
  evidence: Evidence,
  traffic: Traffic,
  phases: Uint8Array,
  mesh: Pick<Mesh, 'explain'>,
  resources: readonly MeshResource[],
  /** Service that each load calls, by number of load. */
  called: readonly string[],
): ErrorGroup[] {
  const tallies = new Map<number, Tally>();
  const { requests, arrivals, endings } = evidence;
  for (let row = 0; row < traffic.length; row += 1) {
    const number = traffic.endingOf[row] as number;
    const client = traffic.endings[number];
    if (client === undefined || client.outcome === 'ok') continue;
    const last = requests.lastArrival[row] as number;
    const serverNumber = client.answered && last >= 0 ? (arrivals.ending[last] as number) : -1;
    const load = requests.load[row] as number;
    const key = (load * 65_536 + number) * 65_536 + serverNumber + 1;
    let tally = tallies.get(key);
    if (tally === undefined) {
      tally = {
        client,
        server: endings[serverNumber],
        called: called[load] ?? '-',
        count: 0,
        byPhase: phaseNames.map(() => 0),
      };
      tallies.set(key, tally);
    }
    tally.count += 1;
    for (let bit = 0; bit < phaseNames.length; bit += 1) {
      if (((phases[row] as number) >> bit) & 1) tally.byPhase[bit] = (tally.byPhase[bit] ?? 0) + 1;
    }
  }
  return merge([...tallies.values()].map((tally) => describe(tally, evidence, mesh, resources)));
}

function describe(
  { client, server, called, count, byPhase }: Tally,
  evidence: Evidence,
  mesh: Pick<Mesh, 'explain'>,
  resources: readonly MeshResource[],
): ErrorGroup {
  const fromServer = server !== undefined && server.status === client.status;
  const said = fromServer ? server : client;
  const instance = client.instance === NO_HOST ? undefined : evidence.context.instances[client.instance];
  const seen = {
    ...said.raw,
    status: client.status,
    service: client.service === '-' ? called : client.service,
    side: fromServer ? ('server' as const) : ('client' as const),
  };
  const { cause, setting, source } = mesh.explain(seen, resources);
  return {
    flag: said.raw.flag === '-' ? word(client) : said.raw.flag,
    status: client.status,
    cause,
    host: instance?.name ?? client.host,
    zone: instance?.locality ?? '-',
    count,
    byWindow: Object.fromEntries(
      phaseNames.flatMap((name, bit) => (name === 'run' ? [] : [[name, byPhase[bit] ?? 0] as const])),
    ),
    setting,
    ...(source === undefined ? {} : { source }),
  };
}

/** The cause in a word where the sidecar has none. */
function word({ answered, outcome }: SettledEnding): string {
  return answered ? 'app' : outcome;
}

/** Endings that differ only in what nobody needs to tell apart become one group. */
function merge(groups: readonly ErrorGroup[]): ErrorGroup[] {
  const merged = new Map<string, ErrorGroup>();
  for (const group of groups) {
    const key = JSON.stringify([group.flag, group.status, group.cause, group.host, group.setting]);
    const before = merged.get(key);
    merged.set(
      key,
      before === undefined
        ? group
        : {
            ...before,
            count: before.count + group.count,
            byWindow: Object.fromEntries(
              Object.entries(before.byWindow).map(([name, n]) => [name, n + (group.byWindow[name] ?? 0)]),
            ),
          },
    );
  }
  return [...merged.values()].sort((a, b) => b.count - a.count);
}

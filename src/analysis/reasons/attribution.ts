import type { RequestQuestion } from '../../effective/index.ts';
import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { PlannedLoad } from '../../load/planned.ts';
import type { InstanceContext, Outcome } from '../../model/evidence.ts';
import type { Report } from '../../report/model.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import { phaseNames } from '../traffic/phases.ts';
import { NO_HOST, type SettledEnding, type Traffic } from '../traffic/traffic.ts';
import { type Chain, Chains } from './chains.ts';
import { type Blame, Faults, reasonOfFailure } from './failures.ts';
import type { Picture, Pictures } from './picture.ts';
import { isFromServer } from './question.ts';

type ErrorGroup = Report['errors'][number];

/** Requests of one load that ended alike for the same reason. */
export interface Attributed {
  /** Name of the load. */
  readonly load: string | undefined;
  readonly group: ErrorGroup;
  /** When each was due, in the order of the logs; milliseconds from the start of the loads. */
  readonly whenMs: readonly number[];
  readonly outcome: Outcome;
  readonly ended: RequestQuestion['ended'];
}

interface Tally {
  readonly client: SettledEnding;
  /** What the server's own sidecar said about the last attempt, when it says more than the client's. */
  readonly server: Ending | undefined;
  readonly caller: InstanceContext | undefined;
  readonly load: PlannedLoad | undefined;
  /** The calls of apps that failed, where the app that was asked failed for one or waited for it. */
  readonly chain: Chain;
  readonly blame: Blame;
  /** How long they took at least, where that tells more of how they ended. */
  afterMs: number | undefined;
  /** What sidecars held then, the newest first. */
  readonly pictures: readonly [Picture, ...Picture[]];
  readonly whenMs: number[];
  readonly byPhase: number[];
}

/** Every request that did not succeed, grouped by load, client, cause, host and setting. */
export function attribute(
  evidence: Evidence,
  traffic: Traffic,
  phases: Uint8Array,
  pictures: Pictures,
  /** By number of load. */
  loads: readonly PlannedLoad[],
  records: readonly RecordedFault[],
): Attributed[] {
  /** By what was in effect, on the mesh and at the host, load and client, then by what both sides said. */
  const tallies = new Map<number, Map<string, Tally>>();
  const chains = new Chains(evidence);
  const faults = new Faults(records, evidence, chains);
  const { requests, arrivals, endings } = evidence;
  for (let row = 0; row < traffic.length; row += 1) {
    const number = traffic.endingOf[row] as number;
    const client = traffic.endings[number];
    if (client === undefined || client.outcome === 'ok') continue;
    const last = requests.lastArrival[row] as number;
    const serverNumber = client.answered && last >= 0 ? (arrivals.ending[last] as number) : -1;
    const load = requests.load[row] as number;
    const caller = requests.client[row] as number;
    const atMs = traffic.whenMs[row] as number;
    const held = pictures.numberAt(atMs);
    const called = serverNumber < 0 ? client.instance : (arrivals.instance[last] as number);
    const sinceMs = serverNumber < 0 ? undefined : arrivals.startMs[last];
    const chain = called < 0 ? [] : chains.ofRequest(row, called, sinceMs);
    const server = endings[serverNumber];
    const endMs = (requests.startMs[row] as number) + (requests.durationMs[row] as number);
    const blame = faults.blame({ client, server, caller, atMs, endMs, chain });
    const fault = blame.cutOff ? 2 : blame.disturbed && blame.atApp ? 3 : +blame.disturbed;
    const callers = ((held * 4 + fault) * 256 + load) * 65_536 + caller;
    const alike = tallies.get(callers) ?? new Map<string, Tally>();
    tallies.set(callers, alike);
    // Who waited for a connection in vain is told from who was refused one by the time alone.
    const tookMs =
      client.noRequest === 'bytes' && client.reason === 'connect'
        ? (requests.durationMs[row] as number)
        : undefined;
    const size = tookMs === undefined ? '' : Math.floor(Math.log2(tookMs + 1));
    const key = `${size} ${number} ${serverNumber} ${blame.certifying} ${blame.restarting?.place} ${blame.restarting?.part} ${chains.key(chain)}`;
    let tally = alike.get(key);
    if (tally === undefined) {
      tally = {
        client,
        server,
        caller: evidence.context.instances[caller],
        load: loads[load],
        chain,
        blame,
        afterMs: tookMs,
        pictures: pictures.get(held),
        whenMs: [],
        byPhase: phaseNames.map(() => 0),
      };
      alike.set(key, tally);
    }
    if (tookMs !== undefined) tally.afterMs = Math.min(tally.afterMs ?? tookMs, tookMs);
    tally.whenMs.push(atMs);
    for (let bit = 0; bit < phaseNames.length; bit += 1) {
      if (((phases[row] as number) >> bit) & 1) tally.byPhase[bit] = (tally.byPhase[bit] ?? 0) + 1;
    }
  }
  const all = [...tallies.values()].flatMap((alike) => [...alike.values()]);
  return all.map((tally) => describe(tally, evidence, chains, faults));
}

function describe(tally: Tally, evidence: Evidence, chains: Chains, faults: Faults): Attributed {
  const { client, server, byPhase, whenMs, pictures, chain, blame, load } = tally;
  const { text, ended, onward } = reasonOfFailure(
    {
      client,
      server,
      chain,
      caller: tally.caller?.name ?? '-',
      to: load?.to ?? '-',
      request: load && pictures[0].askedFor(load),
      disturbed: blame.disturbed,
      cutOff: blame.cutOff,
      atApp: blame.atApp,
      certifying: faults.at(blame.certifying),
      restarting: faults.restarting(blame),
      afterMs: tally.afterMs,
    },
    pictures,
    evidence,
    chains,
  );
  const { others, ...first } = text;
  const { flag } = (onward?.said ?? (isFromServer(client, server) ? server : client)).raw;
  const instance = client.instance === NO_HOST ? undefined : evidence.context.instances[client.instance];
  const at = onward?.called ?? instance;
  const group: ErrorGroup = {
    flag: flag === '-' ? word(onward?.ending ?? client) : flag,
    status: client.status,
    host: at?.name ?? client.host,
    zone: at?.locality ?? '-',
    count: whenMs.length,
    byWindow: Object.fromEntries(
      phaseNames.flatMap((name, bit) => (name === 'run' ? [] : [[name, byPhase[bit] ?? 0] as const])),
    ),
    ...first,
    ...(others === undefined ? {} : { others: [...others] }),
  };
  return { load: load?.name, group, whenMs, outcome: client.outcome, ended };
}

/** The cause in a word where the sidecar has none. */
function word({ answered, outcome }: SettledEnding): string {
  return answered ? 'app' : outcome;
}

/** Endings that differ only in what nobody needs to tell apart become one group; the most frequent come first. */
export function mergeAlike(all: readonly Attributed[]): ErrorGroup[] {
  const merged = new Map<string, ErrorGroup>();
  for (const { group } of all) {
    const { flag, status, cause, host, setting, others } = group;
    const key = JSON.stringify([flag, status, cause, host, setting, others]);
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

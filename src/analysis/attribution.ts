import { type RequestQuestion, type TextOfReason, textOfRequests } from '../effective/index.ts';
import type { Ending } from '../evidence/endings.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { PlannedLoad } from '../load/planned.ts';
import type { InstanceContext, Outcome } from '../model/evidence.ts';
import type { Report } from '../report/model.ts';
import { certifyingFault } from './certifying.ts';
import { type Chain, Chains } from './chains.ts';
import type { RecordedFault } from './fault-records.ts';
import { phaseNames } from './phases.ts';
import type { Picture, Pictures } from './picture.ts';
import { isFromServer, questionAbout } from './question.ts';
import { NO_HOST, type SettledEnding, type Traffic } from './traffic.ts';

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
  /** What gave one of the two another certificate then, of requests that failed for that. */
  readonly certifying: RecordedFault | undefined;
  /** What sidecars held then, the newest first. */
  readonly pictures: readonly [Picture, ...Picture[]];
  /** Whether a fault was on at the host, or at one that its app called. */
  readonly disturbed: boolean;
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
  const underFault = faultsOn(records, evidence);
  /** By what was in effect, on the mesh and at the host, load and client, then by what both sides said. */
  const tallies = new Map<number, Map<string, Tally>>();
  const chains = new Chains(evidence);
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
    const failed = chains.failed(chain) ?? { client, server: endings[serverNumber], caller };
    const certifying = certifyingFault({ ...failed, atMs }, records, evidence);
    const disturbed = [client.instance, ...chains.called(chain)].some((instance) =>
      underFault(instance, atMs),
    );
    const callers = ((held * 2 + +disturbed) * 256 + load) * 65_536 + caller;
    const alike = tallies.get(callers) ?? new Map<string, Tally>();
    tallies.set(callers, alike);
    const key = `${number} ${serverNumber} ${certifying} ${chains.key(chain)}`;
    let tally = alike.get(key);
    if (tally === undefined) {
      tally = {
        client,
        server: endings[serverNumber],
        caller: evidence.context.instances[caller],
        load: loads[load],
        chain,
        certifying: records[certifying],
        pictures: pictures.get(held),
        disturbed,
        whenMs: [],
        byPhase: phaseNames.map(() => 0),
      };
      alike.set(key, tally);
    }
    tally.whenMs.push(atMs);
    for (let bit = 0; bit < phaseNames.length; bit += 1) {
      if (((phases[row] as number) >> bit) & 1) tally.byPhase[bit] = (tally.byPhase[bit] ?? 0) + 1;
    }
  }
  const all = [...tallies.values()].flatMap((alike) => [...alike.values()]);
  return all.map((tally) => describe(tally, evidence, chains));
}

/** Whether a fault was on at an instance, by its index, at a moment of the load. */
function faultsOn(faults: readonly RecordedFault[], { context }: Evidence) {
  const spans = context.instances.map(({ name }) =>
    faults.flatMap(({ targets, injectingAtMs, revertedAtMs }) =>
      injectingAtMs === undefined || !targets.includes(name)
        ? []
        : [{ fromMs: injectingAtMs, toMs: revertedAtMs ?? Number.POSITIVE_INFINITY }],
    ),
  );
  return (instance: number, ms: number) =>
    spans[instance]?.some(({ fromMs, toMs }) => ms >= fromMs && ms <= toMs) ?? false;
}

function describe(tally: Tally, evidence: Evidence, chains: Chains): Attributed {
  const { client, server, byPhase, whenMs, pictures, chain, certifying, disturbed } = tally;
  const said = isFromServer(client, server) ? server : client;
  const instance = client.instance === NO_HOST ? undefined : evidence.context.instances[client.instance];
  const about = {
    client,
    server,
    caller: tally.caller?.name ?? '-',
    to: tally.load?.to ?? '-',
    request: tally.load && pictures[0].askedFor(tally.load),
  };
  const answers = pictures.map((picture) => {
    const question = {
      ...questionAbout(about, instance, picture),
      ...(disturbed ? { underFault: true as const } : {}),
    };
    return { question, reason: picture.reasonOfRequests(question) };
  });
  // What the newest cannot be the reason of, one that was still in effect may be.
  const { question, reason } =
    answers.find((each) => each.reason.known) ?? (answers[0] as (typeof answers)[number]);
  const onwards = client.answered
    ? pictures.flatMap((picture) => chains.reason(chain, picture, disturbed) ?? [])
    : [];
  const onward = onwards.find(({ known }) => known) ?? onwards[0];
  const waiting = client.answered || chain.length === 0 ? '' : ` ${chains.waiting(chain)}`;
  const { cause, others, ...first } = withFault(onward?.told ?? textOfRequests(reason, question), certifying);
  const { flag } = (onward?.said ?? said).raw;
  const at = onward?.called ?? instance;
  const retried = client.clues?.retry === 'used-up' ? ' Retries were used up.' : '';
  const group: ErrorGroup = {
    flag: flag === '-' ? word(onward?.ending ?? client) : flag,
    status: client.status,
    cause: `${cause}${waiting}${retried}`,
    host: at?.name ?? client.host,
    zone: at?.locality ?? '-',
    count: whenMs.length,
    byWindow: Object.fromEntries(
      phaseNames.flatMap((name, bit) => (name === 'run' ? [] : [[name, byPhase[bit] ?? 0] as const])),
    ),
    ...first,
    ...(others === undefined ? {} : { others: [...others] }),
  };
  return { load: tally.load?.name, group, whenMs, outcome: client.outcome, ended: question.ended };
}

/** The same with the fault that it comes of, before the settings that have a part in it. */
function withFault(text: TextOfReason, fault: RecordedFault | undefined): TextOfReason {
  if (fault === undefined) return text;
  const { cause, others = [], ...first } = text;
  const { name, description, source } = fault.planned;
  return { cause, setting: `fault ${name}: ${description}`, source, others: [first, ...others] };
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

import { parseDurationMs } from '../../apps/edge-app/src/service-time.ts';
import { eventually, notYet, notYetSince } from '../kit/eventually.ts';
import { http } from '../kit/http.ts';
import { type Instance, isClient, type TopologyPlan } from '../model/topology.ts';

const patienceMs = 5_000;
/** A service time says a mean or a median; hardly a draw is this many times as long. */
const drawn = 5;

/** How long the first request may take: some seconds, and what the slowest app of the topology takes with all its calls. */
export function firstAnswerMs({ instances }: TopologyPlan): number {
  const apps = new Map(instances.map(({ service, app }) => [service, app]));
  const known = new Map<string, number>();
  const timeOf = (service: string): number => {
    const before = known.get(service);
    if (before !== undefined) return before;
    const app = apps.get(service);
    const said = app?.serviceTime.match(/[\d.]+m?s/g) ?? [];
    const own = Math.max(0, ...said.map((text) => parseDurationMs(text) ?? 0));
    const all = (app?.calls ?? []).reduce((sum, { to }) => sum + timeOf(to), own);
    known.set(service, all);
    return all;
  };
  return patienceMs + drawn * Math.max(0, ...[...apps.keys()].map(timeOf));
}

/**
 * Asks for each service that a client calls, one after the other; resolves with the epoch milliseconds of the first
 * answer. `ask`: resolves once the client has one.
 */
export async function firstAnswerAt(
  { calls, instances }: TopologyPlan,
  ask: (call: TopologyPlan['calls'][number], client: Instance) => Promise<void>,
): Promise<number> {
  const answered: number[] = [];
  for (const call of calls) {
    const client = instances.find((each) => isClient(each) && each.service === call.from);
    // What apps call is answered before they are.
    if (client === undefined) continue;
    await ask(call, client);
    answered.push(Date.now());
  }
  const [first] = answered;
  if (first === undefined) throw new Error('nobody calls anybody in the topology');
  return first;
}

/** A request that is sent again until it is answered, and between whom. */
interface FirstRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ask?: typeof http;
  readonly to: string;
  readonly port: number;
  /** Whose sidecar it goes through. */
  readonly through: string;
}

/** Resolves once a request is answered with 200. */
export async function untilAnswered(
  { url, headers, ask = http, to, port, through }: FirstRequest,
  topology: TopologyPlan,
  signal: AbortSignal,
): Promise<void> {
  const timeoutMs = firstAnswerMs(topology);
  const attempt = async () => {
    try {
      const { status, body } = await ask(url, { headers, timeoutMs });
      return status === 200 ? undefined : notYet(`it got ${status}: ${body.slice(0, 200)}`);
    } catch (error) {
      return notYetSince(error);
    }
  };
  await eventually(attempt, {
    waitingFor: `the first answer of ${to}:${port} through the sidecar of ${through}`,
    timeoutMs: 2 * timeoutMs,
    signal,
  });
}

import type { Window } from '../../checks/contract.ts';
import type { ProbeFacts } from '../../checks/facts.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { ProbeAnswer } from '../../evidence/probes.ts';
import type { InstanceContext } from '../../model/evidence.ts';
import { matches } from '../../model/topology.ts';
import {
  describeExpectation,
  describeProbe,
  OUTSIDE,
  type PlannedProbe,
  type Refuser,
  refusalText,
} from '../../probes/planned.ts';
import type { RefusedCertificates } from '../traffic/refused-certificates.ts';
import { isOfNoHost, ofNoHost } from '../traffic/traffic.ts';

/** What came of one request of a probe. */
export interface Came {
  readonly answer: ProbeAnswer;
  /** Milliseconds from the start of the loads. */
  readonly atMs: number;
  /** "200, answered by edge-app-east-1". */
  readonly text: string;
  /** Undefined when too little is known to say. */
  readonly met: boolean | undefined;
}

/** One probe, with all that came of it. */
export interface JudgedProbe {
  readonly probe: PlannedProbe;
  readonly came: readonly Came[];
}

/** Holds every answer against what was expected of it. */
export function judgeProbes(
  probes: readonly PlannedProbe[],
  evidence: Evidence,
  refused: RefusedCertificates,
): JudgedProbe[] {
  const answers = evidence.probes.map((answer) => withRefusal(answer, evidence, refused));
  const byProbe = Map.groupBy(answers, ({ probe }) => probe);
  return probes.map((probe) => ({
    probe,
    came: (byProbe.get(probe.number) ?? []).map((answer) => cameOf(probe, answer, evidence)),
  }));
}

/** The answer to a request whose certificate was refused where no line says so, as that. */
function withRefusal(
  answer: ProbeAnswer,
  { context, originMs }: Evidence,
  refused: RefusedCertificates,
): ProbeAnswer {
  const { client, server, sentAt } = answer;
  if (client === undefined || server !== undefined) return answer;
  if (isOfNoHost(client.ending)) return { ...answer, client: { ...client, ending: ofNoHost(client.ending) } };
  const host = context.instances.findIndex(({ addresses }) => addresses.includes(client.ending.host));
  const ending = refused.settle(client.ending, client.instance, host, sentAt - originMs);
  return { ...answer, client: { ...client, ending } };
}

/** A probe with what came of it in a window. */
export const cameIn = ({ fromMs, toMs }: Window, { probe, came }: JudgedProbe): JudgedProbe => ({
  probe,
  came: came.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
});

/** What checks may ask about probes. */
export function probeFacts(judged: readonly JudgedProbe[]) {
  return (window: Window, name?: string): ProbeFacts[] =>
    judged
      .filter(({ probe }) => name === undefined || probe.name === name)
      .map(({ probe, came }) => {
        const within = cameIn(window, { probe, came }).came;
        const known = within.filter(({ met }) => met !== undefined);
        const unmet = known.filter(({ met }) => !met);
        return {
          text: describeProbe(probe),
          expected: describeExpectation(probe.expect),
          came: mostOften(unmet.length > 0 ? unmet : known)?.text ?? 'nothing',
          sent: within.length,
          known: known.length,
          met: known.length - unmet.length,
        };
      });
}

function cameOf(probe: PlannedProbe, answer: ProbeAnswer, evidence: Evidence): Came {
  const { expect } = probe;
  const { instances } = evidence.context;
  const by = answererOf(answer, instances);
  const refusedBy = refuserOf(probe, answer);
  const { server } = answer;
  const met = [
    ...(expect.status === undefined ? [] : [answer.status === expect.status]),
    ...(expect.answeredBy === undefined
      ? []
      : [by === undefined ? (isAnswered(answer) ? undefined : false) : matches(by, expect.answeredBy)]),
    ...(expect.refusedBy === undefined
      ? []
      : [refusedBy === undefined ? undefined : refusedBy === expect.refusedBy]),
    ...(expect.identity === undefined ? [] : [identityIs(expect.identity, probe, answer)]),
    ...headersMet(expect, answer),
  ];
  const text = [
    answer.status === 0 ? 'no answer' : String(answer.status),
    ...(by === undefined ? [] : [`answered by ${by.name}`]),
    ...(refusedBy === undefined || refusedBy === 'nobody' ? [] : [refusalText(refusedBy)]),
    ...(expect.identity === undefined || server === undefined
      ? []
      : [`the server saw ${server.peer ?? 'no identity'}`]),
    ...Object.keys(expect.headers ?? {}).map((name) => headerText(name, answer.headers?.[name])),
  ].join(', ');
  return {
    answer,
    atMs: answer.sentAt - evidence.originMs,
    text,
    met: met.includes(false) ? false : met.includes(undefined) ? undefined : true,
  };
}

const isAnswered = ({ status }: Pick<ProbeAnswer, 'status'>) => status > 0 && status < 400;

/** The instance whose app answered. */
function answererOf(
  { client, server, status, instance }: ProbeAnswer,
  instances: readonly InstanceContext[],
): InstanceContext | undefined {
  if (status === 0) return undefined;
  if (server !== undefined)
    return server.ending.answered || server.ending.outcome === 'ok' ? instances[server.instance] : undefined;
  if (client?.ending.answered)
    return instances.find(({ addresses }) => addresses.includes(client.ending.host));
  return instances.find(({ name }) => name === instance);
}

/** Who refused; nobody where it succeeded; undefined where it failed otherwise, or nobody knows. */
export function refuserOf(
  probe: PlannedProbe,
  { client, server, status, errorCode }: ProbeAnswer,
): Refuser | undefined {
  if (server?.ending.refusedBy === 'server') return 'server';
  if (client?.ending.refusedBy !== undefined) return client.ending.refusedBy;
  if (isAnswered({ status })) return 'nobody';
  if (status >= 400 && server?.ending.answered) return 'app';
  // Whoever has no sidecar is cut off by the server's, which logs no request then.
  if (probe.from === OUTSIDE && status === 0 && server === undefined && wasCut(errorCode)) return 'server';
  return undefined;
}

/** k6's codes of a connection that was there and ended: not those of addresses, of time, of names, of dialling. */
const wasCut = (errorCode: number) =>
  ![0, 1010, 1020, 1050].includes(errorCode) &&
  ![11, 121].some((kind) => String(errorCode).startsWith(String(kind)));

/** Of each header that is expected of an answer or not, whether it is so. */
export function headersMet(
  { headers = {}, status }: PlannedProbe['expect'],
  answer: ProbeAnswer,
): readonly (boolean | undefined)[] {
  // Those of a failure say something only where one is expected.
  const isTelling = status === undefined ? isAnswered(answer) : answer.status > 0;
  return Object.entries(headers).map(([name, expected]) => {
    const value = answer.headers?.[name];
    if (!isTelling) return undefined;
    return typeof expected === 'string' ? value === expected : (value !== undefined) === expected;
  });
}

const headerText = (name: string, value: string | undefined) =>
  value === undefined ? `no ${name}` : `${name}: ${value}`;

/** Whether the server's sidecar saw who was expected; undefined where no line tells. */
function identityIs(
  expected: string,
  probe: PlannedProbe,
  { server, client }: ProbeAnswer,
): boolean | undefined {
  if (server === undefined) {
    const neverCame =
      client?.ending.refusedBy === 'client' || (client !== undefined && !client.ending.answered);
    return neverCame || probe.from === OUTSIDE ? false : undefined;
  }
  const { peer } = server;
  if (expected === 'none') return peer === undefined;
  return expected.includes('://') ? peer === expected : (peer?.endsWith(`/${expected}`) ?? false);
}

/** One of those of which there are most alike. */
export function mostOften<One extends { readonly text: string }>(all: readonly One[]): One | undefined {
  const groups = [...Map.groupBy(all, ({ text }) => text).values()];
  return groups.toSorted((a, b) => b.length - a.length)[0]?.[0];
}

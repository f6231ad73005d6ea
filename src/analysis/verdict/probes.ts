import type { Window } from '../../checks/contract.ts';
import type { ProbeFacts } from '../../checks/facts.ts';
import {
  reasonOfCheck,
  reasonOfPassing,
  reasonOfPlaintextRefused,
  reasonOfRoute,
  textOfRequests,
} from '../../effective/index.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { ProbeAnswer } from '../../evidence/probes.ts';
import { TOO_MANY_REQUESTS } from '../../model/ending.ts';
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
import type { Report } from '../../report/model.ts';
import { Chains } from '../reasons/chains.ts';
import { Faults, reasonOfFailure } from '../reasons/failures.ts';
import type { Picture, Pictures } from '../reasons/picture.ts';
import { questionAbout } from '../reasons/question.ts';
import { knownReason, type ReportReason, reportReason } from '../reasons/report-reason.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { RefusedCertificates } from '../traffic/refused-certificates.ts';
import { isBeyond, isOfNoHost, ofNoHost, settleEndings } from '../traffic/traffic.ts';

type ReportProbe = NonNullable<Report['probes']>[number];

/** What came of one request of a probe. */
interface Came {
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

/** The probes of a report; undefined where there are none. */
export function reportProbes(
  judged: readonly JudgedProbe[],
  evidence: Evidence,
  pictures: Pictures,
  records: readonly RecordedFault[],
): Report['probes'] {
  if (judged.length === 0) return undefined;
  return judged.map(({ probe, came }): ReportProbe => {
    const known = came.filter(({ met }) => met !== undefined);
    const met = known.filter((each) => each.met);
    const rule = ruleBehind({ probe, came }, evidence, pictures, records);
    return {
      name: probe.name,
      request: describeProbe(probe),
      expected: describeExpectation(probe.expect),
      status: met.length < known.length ? 'fail' : known.length === 0 ? 'invalid' : 'pass',
      sent: came.length,
      known: known.length,
      met: met.length,
      came: [...Map.groupBy(came, ({ text }) => text)]
        .map(([text, alike]) => ({
          text,
          count: alike.length,
          met: alike.filter((each) => each.met).length,
        }))
        .toSorted((a, b) => b.count - a.count),
      ...(rule === undefined ? {} : { rule }),
    };
  });
}

/** The rule behind what came, of what was not expected first: one that was in effect when it came. */
export function ruleBehind(
  { probe, came }: JudgedProbe,
  evidence: Evidence,
  pictures: Pictures,
  records: readonly RecordedFault[],
): ReportReason | undefined {
  const wrong = came.filter(({ met }) => met === false);
  const typical = mostOften(wrong.length > 0 ? wrong : came);
  if (typical === undefined) return undefined;
  const held = pictures.get(pictures.numberAt(typical.atMs));
  return reasonOf(probe, typical, evidence, held, records);
}

function reasonOf(
  probe: PlannedProbe,
  { answer, atMs }: Pick<Came, 'answer' | 'atMs'>,
  evidence: Evidence,
  pictures: readonly [Picture, ...Picture[]],
  records: readonly RecordedFault[],
): ReportReason | undefined {
  const [picture] = pictures;
  const { configuration } = picture;
  const { instances } = evidence.context;
  const about = { service: probe.to, port: probe.port };
  const refuser = refuserOf(probe, answer);
  if (probe.from === OUTSIDE && refuser === 'server' && answer.server === undefined)
    return knownReason(reasonOfPlaintextRefused(configuration, about));
  const { client } = answer;
  const called = answer.server && instances[answer.server.instance];
  if (probe.from === OUTSIDE && refuser === 'server' && answer.server !== undefined && called !== undefined) {
    const { ending } = answer.server;
    const held = picture.heldLike(called);
    const ended = { client: ending, server: ending, caller: held, to: probe.to, request: undefined };
    // What the caller's sidecar would have done with it nobody asks: there is none.
    const { cluster: _, ...asked } = questionAbout(ended, called, picture);
    const question = { ...asked, service: probe.to, side: 'server' as const };
    return reportReason(textOfRequests(picture.reasonOfRequests(question), question));
  }
  // What was to be refused and was not.
  const { refusedBy, status } = probe.expect;
  if (status === TOO_MANY_REQUESTS && answer.status !== TOO_MANY_REQUESTS && answer.client !== undefined) {
    const limited = reasonOfCheck(configuration, {
      expected: 'rate-limit',
      client: instances[answer.client.instance]?.name ?? '-',
      service: probe.to,
      request: picture.askedAs(probe.to, probe.port, probe),
    });
    if (limited.known) return knownReason(limited);
  }
  const request = picture.askedAs(probe.to, probe.port, probe);
  if (probe.from === OUTSIDE)
    return knownReason(reasonOfPassing(configuration, { ...about, plaintext: true }));
  if (refusedBy === 'server' && refuser !== 'server') {
    const network = instances.find(({ service }) => service === probe.from)?.network;
    const caller = { service: probe.from, ...(network === undefined ? {} : { network }) };
    const server = called && picture.heldLike(called);
    const passing = { ...about, plaintext: false, caller, request, ...(server && { server }) };
    return knownReason(reasonOfPassing(configuration, passing));
  }
  if (client === undefined) return undefined;
  const caller = instances[client.instance]?.name ?? '-';
  const failed = answer.status === 0 || answer.status >= 400;
  if (!failed) {
    const isMixedUp = headersMet(probe.expect, answer).includes(false);
    const kept = isMixedUp
      ? reasonOfCheck(configuration, { expected: 'asking', client: caller, service: probe.to, request })
      : undefined;
    if (kept?.known) return knownReason(kept);
    const reason = reasonOfRoute(configuration, { client: caller, service: probe.to, request });
    return reason.known ? knownReason(reason) : { text: `Not known: ${reason.why}.` };
  }
  const { id, server } = answer;
  const [settled] = settleEndings({ ...evidence, endings: [client.ending] });
  if (settled === undefined) return undefined;
  const ending =
    server !== undefined && isBeyond(settled, server, evidence)
      ? { ...settled, instance: server.instance }
      : settled;
  const chains = new Chains(evidence);
  const reached = server?.instance ?? ending.instance;
  const chain = id === undefined || reached < 0 ? [] : chains.ofId(id, reached);
  const both = { client: ending, server: server?.ending, chain };
  const faults = new Faults(records, evidence, chains);
  const blame = faults.blame({ ...both, caller: client.instance, atMs, endMs: atMs });
  const { disturbed, cutOff, atApp, certifying } = blame;
  const failure = {
    ...both,
    caller,
    to: probe.to,
    request,
    disturbed,
    cutOff,
    atApp,
    certifying: faults.at(certifying),
    restarting: faults.restarting(blame),
  };
  return reportReason(reasonOfFailure(failure, pictures, evidence, chains).text);
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
function refuserOf(
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
function headersMet(
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

function mostOften<One extends { readonly text: string }>(all: readonly One[]): One | undefined {
  const groups = [...Map.groupBy(all, ({ text }) => text).values()];
  return groups.toSorted((a, b) => b.length - a.length)[0]?.[0];
}

import {
  reasonOfCheck,
  reasonOfPassing,
  reasonOfPlaintextRefused,
  reasonOfRoute,
  textOfRequests,
} from '../../effective/index.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { TOO_MANY_REQUESTS } from '../../model/ending.ts';
import { OUTSIDE, type PlannedProbe } from '../../probes/planned.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import { isBeyond, settleEndings } from '../traffic/traffic.ts';
import { type Came, headersMet, type JudgedProbe, mostOften, refuserOf } from '../verdict/probes.ts';
import { Chains } from './chains.ts';
import { Faults, reasonOfFailure } from './failures.ts';
import type { Picture, Pictures } from './picture.ts';
import { questionAbout } from './question.ts';
import { knownReason, type ReportReason, reportReason } from './report-reason.ts';

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

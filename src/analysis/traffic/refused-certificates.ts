import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { CredentialsMoment } from '../../model/credentials.ts';
import type { Distrust } from '../../model/ending.ts';
import type { RecordedFault } from './fault-records.ts';

/** Whose connections a host ends because of what a fault has made of their certificates. */
interface Refusals {
  readonly callers: ReadonlySet<number>;
  readonly hosts: ReadonlySet<number>;
  readonly fromMs: number;
  readonly toMs: number;
  readonly since: Distrust['since'];
}

/**
 * Tells why a request ended that a host has never heard of. With TLS 1.3 the handshake is over for a caller before the
 * host has looked at his certificate, so that his sidecar sees no more of a refusal than a connection that ends. It is
 * one where a fault has given the caller such a certificate, and the host has counted ones that it did not accept.
 */
export class RefusedCertificates {
  readonly #refusals: readonly Refusals[];

  constructor(evidence: Evidence, records: readonly RecordedFault[]) {
    this.#refusals = records.flatMap((record) => {
      const since = refusedSince(record);
      if (since === undefined || record.injectingAtMs === undefined) return [];
      const { instances } = evidence.context;
      const numbers = (names: readonly string[]) =>
        new Set(names.map((name) => instances.findIndex((each) => each.name === name)));
      return [
        {
          callers: numbers(record.targets),
          hosts: numbers(instances.map(({ name }) => name).filter((name) => refused(name, record, evidence))),
          fromMs: record.injectingAtMs,
          toMs: record.revertedAtMs ?? Number.POSITIVE_INFINITY,
          since,
        },
      ];
    });
  }

  /** Whether there can be one. */
  get any(): boolean {
    return this.#refusals.length > 0;
  }

  /** The ending as it was, or as a refusal; `caller` and `host` are places of instances, and times count from the loads' start. */
  settle<E extends Ending>(ending: E, caller: number, host: number, startMs: number): E {
    if (ending.reason !== 'reset' || ending.clues?.distrust !== undefined) return ending;
    const found = this.#refusals.findLast(
      ({ callers, hosts, fromMs, toMs }) =>
        callers.has(caller) && hosts.has(host) && startMs >= fromMs && startMs <= toMs,
    );
    if (found === undefined) return ending;
    const distrust = { of: 'client', since: found.since } as const;
    return { ...ending, reason: 'tls', clues: { ...ending.clues, distrust }, refusedBy: 'server' };
  }
}

/** Why a host does not accept the certificates of a fault's targets; undefined where it has no reason to. */
function refusedSince({ planned: { proof } }: RecordedFault): Distrust['since'] | undefined {
  if (proof.kind === 'authority') return proof.overlap ? undefined : 'authority';
  if (proof.kind !== 'certificate') return undefined;
  return proof.is === 'expired' ? 'expired' : proof.is === 'foreign' ? 'authority' : undefined;
}

/** Whether an instance's sidecar counted certificates that it did not accept, in the course of a fault. */
function refused(instance: string, { name }: RecordedFault, { credentials }: Evidence): boolean {
  const at = (moment: CredentialsMoment) =>
    credentials.find((each) => each.instance === instance && each.fault === name && each.moment === moment);
  const [before, after] = [at('before'), at('reverting')];
  return before !== undefined && after !== undefined && after.refused > before.refused;
}

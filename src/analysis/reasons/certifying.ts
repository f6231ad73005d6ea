import type { Ending } from '../../evidence/endings.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { SettledEnding } from '../traffic/traffic.ts';

/** A request that failed, as both sides saw it. */
interface Failed {
  readonly client: SettledEnding;
  readonly server: Ending | undefined;
  /** Place of the instance that sent it. */
  readonly caller: number;
  /** Milliseconds from the start of the loads. */
  readonly atMs: number;
}

/**
 * The fault of certificates that a request failed for, by its place among the records; -1 where it did for another
 * reason. It gave one of the two a certificate that the other did not accept, or the caller an identity that nothing
 * allows.
 */
export function certifyingFault(
  { client, server, caller, atMs }: Failed,
  records: readonly RecordedFault[],
  { context: { instances } }: Evidence,
): number {
  const isDenied = server?.reason === 'denied';
  if (client.clues?.distrust === undefined && !isDenied) return -1;
  const sides = (isDenied ? [caller] : [caller, client.instance]).map((each) => instances[each]?.name ?? '');
  return records.findLastIndex(
    (record) =>
      (isDenied ? isOfAnother(record) : isOfCertificates(record)) &&
      wasOn(record, atMs) &&
      sides.some((side) => record.targets.includes(side)),
  );
}

const isOfCertificates = ({ planned: { proof } }: RecordedFault) =>
  proof.kind === 'certificate' || proof.kind === 'authority';

const isOfAnother = ({ planned: { proof } }: RecordedFault) =>
  proof.kind === 'certificate' && proof.is === 'of-another';

/** Whether any of its targets may have had it. */
const wasOn = ({ injectingAtMs, revertedAtMs }: RecordedFault, atMs: number) =>
  injectingAtMs !== undefined && atMs >= injectingAtMs && atMs <= (revertedAtMs ?? Number.POSITIVE_INFINITY);

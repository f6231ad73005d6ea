import { environmentError } from '../kit/errors.ts';
import { mostOpenFiles } from '../kit/open-files.ts';
import type { Plan } from '../plan/contract.ts';

/** What a sidecar, an app or k6 has open without any load: certificates, logs, listeners, streams. */
const openAnyway = 128;

/** Refuses what would fail on this host in the middle of a load, with an error that names something else. */
export function refuseFewFiles({ trial }: Plan): void {
  const limit = mostOpenFiles();
  // A client's sidecar has two connections for each request under way.
  const needed = openAnyway + 2 * Math.max(...trial.loads.map(({ users }) => users));
  if (limit >= needed) return;
  throw environmentError(
    `${limit} files may be open at once here, and this load takes up to ${needed}`,
    `ulimit -n ${needed}, or a lower rate, load.maxLatency or load.users`,
  );
}

import { formatCount, plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';
import { TOLERANCE_TEXT, tolerance } from './tolerance.ts';

/** A dying sidecar takes up to this much of its log with it: both environments have it written every 0.25 s. */
const UNFLUSHED_MS = 1_000;

/** Who answered knows of it, and nobody else called. */
export const serversAgree: Rule = {
  name: 'servers-agree',
  title: 'Answered requests are in the log of a server',
  judge({ evidence, traffic, records }) {
    const limit = TOLERANCE_TEXT;
    const { requests, quality } = evidence;
    if (quality.duplicateIds > tolerance(traffic.length)) {
      const observed = `${formatCount(quality.duplicateIds)} requests share a request id with another`;
      const detail = 'Do not set x-request-id to a constant: requests cannot be followed to their servers.';
      return judgement(true, observed, 'every request has an id of its own', detail);
    }
    // A killed sidecar takes what it had not written yet with it, and one that is told to end may long be gone before its app.
    const killed = records.flatMap(({ planned, targets, injectingAtMs, revertedAtMs }) =>
      planned.halts === 'ended' && injectingAtMs !== undefined
        ? [
            {
              instances: new Set(targets),
              fromMs: injectingAtMs - UNFLUSHED_MS,
              toMs: revertedAtMs ?? Number.POSITIVE_INFINITY,
            },
          ]
        : [],
    );
    let answered = 0;
    let unseen = 0;
    for (let row = 0; row < traffic.length; row += 1) {
      const ending = traffic.endings[traffic.endingOf[row] as number];
      if (ending === undefined || ending.answeredBy < 0) continue;
      answered += 1;
      // Bytes have no id by which to find them again.
      if (requests.arrivals[row] !== 0 || ending.noRequest === 'bytes') continue;
      const name = evidence.context.instances[ending.answeredBy]?.name ?? '';
      const startMs = requests.startMs[row] as number;
      const lost = killed.some(
        ({ instances, fromMs, toMs }) => instances.has(name) && startMs >= fromMs && startMs < toMs,
      );
      if (!lost) unseen += 1;
    }
    const excess = quality.strangeArrivals;
    return judgement(
      unseen > tolerance(answered) || excess > tolerance(evidence.arrivals.length),
      `${formatCount(unseen)} of ${plural(answered, 'answer')} missing at the servers, ${formatCount(excess)} there that no client sent`,
      limit,
      'A log of a server is not whole, or somebody else called the services during the load.',
    );
  },
};

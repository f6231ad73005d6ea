import { z } from 'zod';
import { bytes } from '../kit/units.ts';
import { instanceTarget } from '../model/target.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, NEEDED_STATISTICS } from './limits.ts';
import { sidecarsText } from './targets.ts';

const { load: _, ...fields } = checkFields;

const schema = z.strictObject({
  kind: z.literal('sidecar-memory'),
  ...fields,
  sidecars: instanceTarget.optional().describe('Of which replicas; of all clients and servers unless given.'),
  atMost: bytes().describe('Resident memory of each of them at its most, its agent included: 128Mi.'),
});

const text = (value: number) => `${(value / 2 ** 20).toFixed(0)} MiB`;

/** How much memory a sidecar takes at its most, its agent's included. */
export const sidecarMemory: CheckKind<typeof schema> = {
  schema,
  unit: 'count',
  restsOn: 'requests',
  describe: ({ sidecars, atMost }) => `${sidecarsText(sidecars)} at most ${text(atMost)} of memory each`,
  observe({ sidecars, atMost }, facts, window) {
    const { mostRssBytes, samples } = facts.sidecarUse(window, sidecars);
    return {
      value: mostRssBytes,
      samples,
      neededSamples: NEEDED_STATISTICS,
      holds: mostRssBytes !== undefined && mostRssBytes <= atMost,
      observed: mostRssBytes === undefined ? 'not read' : text(mostRssBytes),
      limit: formatLimits({ atMost }, text),
      lacking: { what: 'spare sidecars', of: 'use' },
    };
  },
};

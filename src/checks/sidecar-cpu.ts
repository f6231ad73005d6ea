import { z } from 'zod';
import { instanceTarget } from '../model/target.ts';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';
import { sidecarsText } from './targets.ts';

const { load: _, ...fields } = checkFields;

const schema = z
  .strictObject({
    kind: z.literal('sidecar-cpu'),
    ...fields,
    sidecars: instanceTarget
      .optional()
      .describe('Of which replicas; of all clients and servers unless given.'),
    ...bounds(() =>
      z
        .number()
        .min(0)
        .describe(
          'Processors that one sidecar keeps busy at 1,000 requests/s: its CPU time in ms a request.',
        ),
    ),
  })
  .refine(hasBound, noBound);

const text = (value: number) => `${value.toFixed(2)} CPUs at 1,000 requests/s`;

/** What a sidecar costs: its processor time for each request that passes it, its agent's own among it. */
export const sidecarCpu: CheckKind<typeof schema> = {
  schema,
  unit: 'ratio',
  restsOn: 'requests',
  describe: (check) => `${sidecarsText(check.sidecars)} ${formatLimits(check, text)}`,
  observe(check, facts, window) {
    const { cpuMs, requests } = facts.sidecarUse(window, check.sidecars);
    const value = requests === 0 ? undefined : cpuMs / requests;
    return {
      value,
      samples: requests,
      neededSamples: 10 * NEEDED_REQUESTS,
      holds: value !== undefined && isWithin(value, check),
      observed: value === undefined ? 'no requests' : text(value),
      limit: formatLimits(check, text),
      lacking: { what: 'spare sidecars', of: 'use' },
    };
  },
};

import { z } from 'zod';
import { cores } from '../kit/units.ts';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const schema = z
  .strictObject({
    kind: z.literal('sidecar-cpu-limit'),
    ...faultFields,
    cpu: cores().describe('What each sidecar may use, as Kubernetes writes it: 500m is half a processor.'),
  })
  .describe(
    'The sidecars get no more processor time than a limit, as that of a container: what they do not get in a tenth of a second waits for the next one.',
  );

/** Sidecars that get no more processor time than a limit; whether that is enough is for the load to show. */
export const sidecarCpuLimit: FaultKind<typeof schema> = {
  schema,
  describe: ({ cpu }) => `has ${Math.round(cpu * 1_000)}m of a processor for each sidecar`,
  mistakes: ({ cpu }) =>
    cpu === 0 ? [{ path: ['cpu'], message: 'a sidecar without CPU is one that is frozen' }] : [],
  actions: ({ cpu }, _id, instances) =>
    instances.map(({ name }) => {
      const target = { kind: 'instance', name } as const;
      return {
        inject: { do: 'limit-cpu', target, cores: cpu },
        revert: { do: 'unlimit-cpu', target },
      };
    }),
  proof: ({ cpu }) => ({ kind: 'limited', cores: cpu }),
};

import { z } from 'zod';
import type { FaultKind } from './contract.ts';
import { faultFields } from './fields.ts';

const { on: _everywhere, ...fields } = faultFields;

const schema = z
  .strictObject({
    kind: z.literal('authority-rotated'),
    ...fields,
    overlap: z
      .boolean()
      .default(true)
      .describe(
        'Whether the old root and the new one are trusted beside each other meanwhile. Without that, each workload gets the new root in place of the old one together with its certificate: who is called when the fault begins, who calls at its end.',
      ),
  })
  .describe(
    'Another certificate authority takes over. Its root is brought to every workload beside the old one, then all certificates are issued anew, and at the end of the fault the old root is withdrawn. It hits all instances, clients too, so there is no `on`. Needs --env local.',
  );

/** The root of all trust is replaced, soundly or all at once. */
export const authorityRotated: FaultKind<typeof schema> = {
  schema,
  hits: 'everyone',
  certifies: true,
  isGradual: true,
  subject: 'the certificate authority',
  describe: ({ overlap }) => `is replaced, ${overlap ? 'with an overlap' : 'overlap: false'}`,
  actions: ({ overlap }) => {
    const target = { kind: 'authority' } as const;
    return [
      {
        inject: { do: 'rotate-authority', target, overlap },
        revert: { do: 'complete-rotation', target, overlap },
      },
    ];
  },
  proof: ({ overlap }) => ({ kind: 'authority', overlap }),
};

import { z } from 'zod';
import { duration, percent } from '../kit/units.ts';

/** Kinds of guards: what is told while a load goes on, by the clients' sidecars. */
const guardKinds = ['success-rate', 'error-rate'] as const;

const guard = z
  .strictObject({
    kind: z
      .enum(guardKinds)
      .describe(
        'success-rate: answered below 400, of all requests that ended; error-rate: the others, shed requests left out.',
      ),
    load: z.string().optional().describe('Which of several loads it watches; all of them unless given.'),
    atLeast: percent().optional().describe('Of a success-rate.'),
    atMost: percent().optional().describe('Of an error-rate.'),
    over: duration().prefault('2s').describe('How much of what is past counts at each moment.'),
    for: duration().describe('How long from the arrival of the change on it watches.'),
  })
  .refine((each) => (each.kind === 'success-rate') === (each.atLeast !== undefined), {
    message: 'a success-rate takes atLeast, and nothing else does',
    path: ['atLeast'],
  })
  .refine((each) => (each.kind === 'error-rate') === (each.atMost !== undefined), {
    message: 'an error-rate takes atMost, and nothing else does',
    path: ['atMost'],
  });

/** "VirtualService/name" or "VirtualService/namespace/name". */
const resource = z.string().regex(/^[A-Z][A-Za-z]*(\/[a-z0-9]([-.a-z0-9]*[a-z0-9])?){1,2}$/, {
  error: 'expected Kind/name or Kind/namespace/name, such as VirtualService/edge-app-vs',
});

/** One change of the mesh configuration under test, at a moment of the load. */
export const changeSchema = (name: z.ZodString) =>
  z.strictObject({
    name: name.describe('How checks and reports call it.'),
    at: duration().describe('When, from the start of the load; one after the other.'),
    apply: z
      .array(z.string())
      .max(1_000)
      .default([])
      .describe(
        'Paths of mesh configuration, relative to this file: each resource in it is put in, or takes the place of the one of that kind, namespace and name.',
      ),
    delete: z
      .array(resource)
      .max(1_000)
      .default([])
      .describe('Resources that are taken out: Kind/name, or Kind/namespace/name.'),
    guard: guard
      .optional()
      .describe(
        'What must hold from its arrival on; when it does not, everything is as before the first change again, and later changes are not made.',
      ),
  });

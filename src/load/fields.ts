import { z } from 'zod';
import { duration } from '../kit/units.ts';

/** What a load says beside its shape about how long it lasts and what k6 keeps ready for it. */
export const loadSettings = {
  duration: duration().optional().describe('How long the load lasts; stages say so themselves.'),
  maxLatency: duration()
    .prefault('5s')
    .describe('The worst latency the load must keep its rate through; sizes the virtual users.'),
  users: z
    .int()
    .min(1)
    .optional()
    .describe('Virtual users, instead of what rate x maxLatency asks for. Too few make the run invalid.'),
};

export type LoadSettings = z.output<z.ZodObject<typeof loadSettings>>;

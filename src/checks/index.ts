import { z } from 'zod';
import type { CheckKind } from './contract.ts';
import { ejections } from './ejections.ts';
import { errorCount } from './error-count.ts';
import { errorRate } from './error-rate.ts';
import { goodput } from './goodput.ts';
import { latency } from './latency.ts';
import { overflow } from './overflow.ts';
import { share } from './share.ts';
import { successRate } from './success-rate.ts';
import { timeToEject } from './time-to-eject.ts';
import { timeToFailOver } from './time-to-fail-over.ts';
import { timeToReturn } from './time-to-return.ts';

/** One check of a scenario, told apart by `kind`. */
export const checkSchema = z.discriminatedUnion('kind', [
  successRate.schema,
  errorRate.schema,
  errorCount.schema,
  latency.schema,
  goodput.schema,
  share.schema,
  overflow.schema,
  ejections.schema,
  timeToEject.schema,
  timeToFailOver.schema,
  timeToReturn.schema,
]);
export type Check = z.output<typeof checkSchema>;

/** Every kind of check a scenario may name. */
export const checkKinds = {
  'success-rate': successRate,
  'error-rate': errorRate,
  'error-count': errorCount,
  latency,
  goodput,
  share,
  overflow,
  ejections,
  'time-to-eject': timeToEject,
  'time-to-fail-over': timeToFailOver,
  'time-to-return': timeToReturn,
} as const satisfies Record<Check['kind'], unknown>;

/** The kind behind a check, typed loosely: the schema has already matched the two. */
export function checkKind(check: Check): CheckKind {
  return checkKinds[check.kind] as unknown as CheckKind;
}

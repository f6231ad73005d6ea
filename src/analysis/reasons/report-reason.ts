import { type Reason, type TextOfReason, textOfReason } from '../../effective/index.ts';
import type { ReportCheck } from '../../report/model.ts';

export type ReportReason = NonNullable<ReportCheck['reason']>;

/** A reason in the shape of a report. */
export function reportReason({ cause, others, ...first }: TextOfReason): ReportReason {
  return { text: cause, ...first, ...(others === undefined ? {} : { others: [...others] }) };
}

/** The same of a reason that is known; undefined where it is not. */
export function knownReason(reason: Reason): ReportReason | undefined {
  const told = textOfReason(reason);
  return told && reportReason(told);
}

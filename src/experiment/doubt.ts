import type { Analysis } from '../analysis/analyse.ts';

/** Why a trial proves nothing, in short: its own report says the rest. */
export function doubtOf({
  validity,
  checks,
  summary,
}: Pick<Analysis, 'validity' | 'checks' | 'summary'>): string {
  const violated = validity.filter(({ status }) => status === 'violated');
  const doubts = [
    ...violated.map(({ rule, observed }) => `${rule}: ${observed}`),
    ...checks
      .filter(({ status }) => status === 'invalid')
      .map(({ name, detail }) => `${name} cannot be told${detail === undefined ? '' : ` (${detail})`}`),
  ];
  return doubts.length === 0 ? summary : doubts.join('; ');
}

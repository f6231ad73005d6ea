import { formatCount } from '../../kit/format.ts';
import type { LoadTotals } from '../../model/evidence.ts';
import type { Rule } from './contract.ts';
import { eachLoad } from './each-load.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';
import { TOLERANCE_TEXT, tolerance } from './tolerance.ts';

/** What the logs call an answer is what k6 got. */
export const answersAgree: Rule = eachLoad({
  name: 'answers-agree',
  title: "k6 and the clients' sidecars count the same answers",
  judge({ totals, endings }, { traffic }) {
    const limit = TOLERANCE_TEXT;
    if (totals === undefined) return { ...NOT_APPLICABLE, limit };
    if (Object.keys(totals.answers).length === 0) {
      return {
        ...NOT_APPLICABLE,
        observed: 'a script of your own does not count its answers by class',
        limit,
      };
    }
    const seen: Record<string, number> = {};
    let cut = 0;
    const counts = endings();
    for (const [index, ending] of traffic.endings.entries()) {
      const count = counts[index] ?? 0;
      // Of an answer that was cut off, k6 may have had the status or nothing.
      if (ending.status !== 0 && ending.outcome === 'unanswered') cut += count;
      const name = ending.status === 0 ? 'none' : `${Math.floor(ending.status / 100)}xx`;
      seen[name] = (seen[name] ?? 0) + count;
    }
    const differences = answerClasses(totals, seen)
      .map((name) => ({ name, sent: totals.answers[name] ?? 0, logged: seen[name] ?? 0 }))
      .filter(({ sent, logged }) => Math.abs(sent - logged) > tolerance(totals.requests) + cut);
    return judgement(
      differences.length > 0,
      differences.length === 0
        ? 'they agree'
        : differences
            .map(
              ({ name, sent, logged }) => `${name}: k6 ${formatCount(sent)}, sidecar ${formatCount(logged)}`,
            )
            .join('; '),
      limit,
      'What k6 got is not what its sidecar sent: answers were lost or changed between the two.',
    );
  },
});

function answerClasses({ answers }: LoadTotals, seen: Readonly<Record<string, number>>): string[] {
  return [...new Set([...Object.keys(answers), ...Object.keys(seen)])].sort();
}

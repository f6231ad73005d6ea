import type { Evidence } from '../../evidence/evidence.ts';
import { describeExpectation, describeProbe } from '../../probes/planned.ts';
import type { Report } from '../../report/model.ts';
import type { Pictures } from '../reasons/picture.ts';
import { ruleBehind } from '../reasons/probes.ts';
import type { RecordedFault } from '../traffic/fault-records.ts';
import type { JudgedProbe } from '../verdict/probes.ts';

type ReportProbe = NonNullable<Report['probes']>[number];

/** The probes of a report; undefined where there are none. */
export function reportProbes(
  judged: readonly JudgedProbe[],
  evidence: Evidence,
  pictures: Pictures,
  records: readonly RecordedFault[],
): Report['probes'] {
  if (judged.length === 0) return undefined;
  return judged.map(({ probe, came }): ReportProbe => {
    const known = came.filter(({ met }) => met !== undefined);
    const met = known.filter((each) => each.met);
    const rule = ruleBehind({ probe, came }, evidence, pictures, records);
    return {
      name: probe.name,
      request: describeProbe(probe),
      expected: describeExpectation(probe.expect),
      status: met.length < known.length ? 'fail' : known.length === 0 ? 'invalid' : 'pass',
      sent: came.length,
      known: known.length,
      met: met.length,
      came: [...Map.groupBy(came, ({ text }) => text)]
        .map(([text, alike]) => ({
          text,
          count: alike.length,
          met: alike.filter((each) => each.met).length,
        }))
        .toSorted((a, b) => b.count - a.count),
      ...(rule === undefined ? {} : { rule }),
    };
  });
}

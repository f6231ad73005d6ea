import { formatCount, plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement } from './judgement.ts';
import { TOLERANCE_TEXT, tolerance } from './tolerance.ts';

/** Hardly a line of a log is damaged, and no log is a stranger's. */
export const logsIntact: Rule = {
  name: 'logs-intact',
  title: 'The logs are whole',
  judge({ evidence: { quality } }) {
    const { malformedLines, tornLines, damagedSamples, strangeFiles, lines } = quality;
    const strange = strangeFiles.length === 0 ? '' : `, logs of strangers: ${strangeFiles.join(', ')}`;
    return judgement(
      malformedLines > tolerance(lines) || strangeFiles.length > 0,
      `${formatCount(malformedLines)} damaged and ${formatCount(tornLines)} cut off of ${plural(lines, 'line')}, ${plural(damagedSamples, 'damaged sample')}${strange}`,
      TOLERANCE_TEXT,
      'Something else wrote into the logs, the disk was full, or callers send headers with blanks in them.',
    );
  },
};

import { unitGap } from '../../kit/columns.ts';
import { plain, undisguised } from '../words.ts';

/** Copied, compared or linked by readers: these keep every blank. */
const verbatim = new Set(['command', 'file', 'folder', 'source']);

/** The report with every string safe to look at: on one line, no hidden characters, units kept with their numbers. */
export function presentable<Report>(report: Report): Report {
  return clean(report, '') as Report;
}

function clean(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    if (key === 'content') return undisguised(value);
    return verbatim.has(key) ? undisguised(value) : plain(value).replace(unitGap, '\u00a0');
  }
  if (Array.isArray(value)) return value.map((item) => clean(item, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      plain(name).replace(unitGap, '\u00a0'),
      clean(field, name),
    ]),
  );
}

import { expect, test } from 'vitest';
import { formatArrivals, formatChangeOutcome, formatChangeTime } from './change-words.ts';
import { sampleReport } from './fixture.ts';
import { html } from './html/index.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { terminal } from './terminal.ts';

const report = sampleReport();
const [half, all] = report.changes ?? [];

test('a change is told with its time, its slowest sidecar, and what its guard saw', () => {
  if (!half || !all) throw new Error('the sample has two changes');
  expect(formatChangeTime(half)).toBe('45.0 s, in effect after 244 ms (edge-app-west-1 last)');
  expect(formatArrivals(half)).toBe('edge-app-west-1 244 ms, frontend-1 231 ms');
  expect(formatChangeOutcome(half)).toBe(
    '3 of 104 requests failed on the way of it; rolled back 2.012 s after it was in effect, which every sidecar held 220 ms later: 71.2 % of 804 requests, where the guard is success rate at least 99 % over 2 s',
  );
  expect(formatChangeTime(all)).toBe('planned at 52.0 s');
  expect(formatChangeOutcome(all)).toBe('not made, since an earlier one was rolled back');
});

test('a change that nobody could hear of is told with what kept it from them', () => {
  if (!half) throw new Error('the sample has a change');
  const heldUp = { fault: 'control-plane-outage', untilMs: 45_200 };
  const arrivals = { 'frontend-1': 900 };
  expect(formatChangeTime({ ...half, arrivals, heldUp })).toBe(
    '45.0 s, in effect after 900 ms (frontend-1 last); nobody could hear of it before the end of control-plane-outage at 45.2 s',
  );
  expect(formatChangeTime({ ...half, arrivals: {}, heldUp: { fault: 'control-plane-outage' } })).toBe(
    '45.0 s, never in effect everywhere; control-plane-outage was never over',
  );
});

test('every format tells of changes, and of none where there are none', () => {
  const formats = [html, markdown, junit, (of: typeof report) => terminal(of, { color: false, width: 100 })];
  const { changes: _, ...without } = report;
  for (const format of formats) {
    const text = (of: typeof report) => format(of).replaceAll(/\s+/g, ' ');
    expect(text(report)).toContain('of 804 requests');
    expect(text(without)).not.toMatch(/of 804 requests|>Changes/);
  }
});

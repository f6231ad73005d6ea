import { expect, test } from 'vitest';
import { outcome } from '../support/breakwater.ts';
import { runCase } from '../support/cases.ts';

/** Shorter and lighter than the scenarios: what these cases show is there at once. */
const set = (...assignments: readonly string[]) => assignments.flatMap((each) => ['--set', each]);
const short = set(
  'load.duration=10s',
  'load.rate=50/s',
  'faults.0.at=4s',
  'faults.0.for=2s',
  'checks.5.after=500ms',
  'checks.7.after=1s',
);

const failed = ({ report }: Awaited<ReturnType<typeof runCase>>) =>
  report?.checks.filter(({ status }) => status === 'fail').map(({ kind }) => kind);

test.concurrent.for([
  ['tls-off-under-strict', 'mesh.yaml:7', /^\d+ connections to edge-app-.* plaintext\.$/],
  ['mutual-to-plaintext', 'mesh.yaml:14', /^\d[\d,]* connections to edge-app-.* not HTTP/],
  ['subset-of-nobody', 'mesh.yaml:8', undefined],
  ['allowed-for-another', 'mesh.yaml:8', undefined],
] as const)('%s: what fails from the first request on is a finding', async ([name, source, note]) => {
  const finished = await runCase(name, { args: short });
  expect(finished.code, outcome(finished)).toBe(1);
  const { summary, checks, notes } = finished.report ?? {};
  expect(summary).toContain('did not hold, even before the first fault: "success rate');
  expect(checks?.[0], summary).toMatchObject({
    status: 'fail',
    reason: { source: expect.stringMatching(new RegExp(`${source}$`)) },
  });
  if (note !== undefined) expect(notes).toContainEqual(expect.stringMatching(note));
});

test.concurrent.for([
  ['attempts-longer-than-the-route', 'spec.http[0].timeout: 300ms'],
  ['attempt-cut-short', 'perTryTimeout: 200ms'],
] as const)('%s: a latency that a time limit cuts short has had its effect', async ([name, setting]) => {
  const finished = await runCase(name, { args: short });
  expect(finished.code, outcome(finished)).toBe(1);
  expect(finished.report?.faults[0]?.efficacy.status).toBe('proven');
  expect(finished.report?.errors[0]?.setting).toContain(setting);
});

test.concurrent('hosts that configuration takes away are for the load to show', async () => {
  const args = set('load.duration=17s', 'load.rate=60/s', 'faults.0.at=4s', 'faults.0.for=6s');
  const finished = await runCase('hosts-of-one-zone', {
    scenario: 'zone-failover',
    args: [...args, ...set('checks.4.after=4s', 'checks.5.atMost=6s')],
  });
  expect(finished.code, outcome(finished)).toBe(1);
  expect(failed(finished)).toContain('time-to-fail-over');
  expect(finished.report?.checks[1]).toMatchObject({ kind: 'share', status: 'pass' });
});

test.concurrent('of two filters the one that Envoy refuses is named, with its reason', async () => {
  const finished = await runCase('two-filters-one-refused');
  expect(finished.code, outcome(finished)).toBe(2);
  expect(finished.stderr).toMatch(/two-filters-one-refused\/mesh\.yaml:17: EnvoyFilter\/team-header spec/);
  expect(finished.stderr).toContain("implementation for 'team.lua'");
  expect(finished.stderr).not.toContain('wait-less');
});

test.concurrent('a queue without a limit: nothing is refused, and what has no samples hides it not', async () => {
  const finished = await runCase('queue-without-limit', {
    args: set(
      'load.rate=60/s',
      'load.duration=15s',
      'faults.0.at=4s',
      'faults.0.for=5s',
      'checks.5.atLeast=15/s',
    ),
  });
  expect(finished.code, outcome(finished)).toBe(1);
  expect(failed(finished)).toContain('overflow');
  expect(finished.report?.checks[3]).toMatchObject({ status: 'invalid', observed: 'no shed requests' });
  expect(finished.report?.validity.find(({ rule }) => rule === 'dropped-iterations')?.status).toBe('ok');
});

test.concurrent('goodput is what is answered in a time, not what was asked in it', async () => {
  const finished = await runCase('goodput-of-a-queue');
  expect(finished.code, outcome(finished)).toBe(1);
  const goodput = finished.report?.checks.find(({ kind }) => kind === 'goodput');
  // Twenty connections at 600 ms.
  expect(goodput?.value).toBeGreaterThan(15);
  expect(goodput?.value).toBeLessThan(42);
  expect(goodput?.reason?.text).toContain('a queue that has no limit');
});

test.concurrent('outlier detection that switches locality preference on is a note', async () => {
  const finished = await runCase('locality-by-outlier-detection', {
    scenario: 'outlier-ejection',
    args: set('load.rate=60/s', 'load.duration=19s', 'faults.0.at=4s', 'faults.0.for=4s'),
  });
  expect(finished.code, outcome(finished)).toBe(0);
  expect(finished.report?.notes).toContainEqual(
    expect.stringMatching(/mesh\.yaml:7\) has switched locality preference on: .* nearest 2 of 4 hosts/),
  );
});

test.concurrent('a sidecar that answers everything itself proves nothing', async () => {
  const finished = await runCase('answered-at-the-client', { args: short, once: true });
  expect(finished.code, outcome(finished)).toBe(3);
  expect(finished.report?.summary).toContain('"Successes came from hosts" does not hold');
});

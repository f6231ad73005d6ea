import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure, plantedTexts } from '../support/defects.ts';

const short = ['--set', 'load.duration=5s', '--set', 'load.rate=50/s'];

test.concurrent.for(['header-routing', 'authorization', 'mtls'])(
  '%s passes on sound configuration',
  async (name) => {
    using workspace = new Workspace();
    const finished = await workspace.run(`scenarios/${name}.yaml`, ...short);
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    const probes = finished.report?.probes ?? [];
    expect(probes.length).toBeGreaterThan(2);
    for (const { request, status, came, rule } of probes) {
      expect(status, request).toBe('pass');
      expect(came.length, request).toBeGreaterThan(0);
      expect(rule?.text, request).toMatch(/\w/);
    }
  },
);

for (const planted of plantedTexts.filter(({ fails }) => fails === 'expectations')) {
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...short));
}

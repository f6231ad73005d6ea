import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { outcome, root, Workspace } from '../support/breakwater.ts';
import { expectTextFailure } from '../support/defects.ts';
import { containersMs, missing } from '../support/docker.ts';
import { plantedNetwork } from '../support/planted-network.ts';

const scenario = 'scenarios/network-faults.yaml';
const inContainers = ['--env', 'docker', ...withoutWhatTakesTime()];

/** Arguments with which the scenario has only faults that filters of packets make. */
function withoutWhatTakesTime(): readonly string[] {
  const { faults, checks } = parse(readFileSync(join(root, scenario), 'utf8')) as {
    readonly faults: readonly { readonly name: string; readonly kind: string }[];
    readonly checks: readonly { readonly fault?: string }[];
  };
  const others = new Set(['network-latency', 'network-bandwidth']);
  const kept = faults.filter(({ kind }) => !others.has(kind));
  const names = kept.map(({ name }) => name);
  const about = checks.filter(({ fault }) => fault === undefined || names.includes(fault));
  return ['--set', `faults=${JSON.stringify(kept)}`, '--set', `checks=${JSON.stringify(about)}`];
}

describe.skipIf(missing !== '')(`the network of containers${missing}`, () => {
  test('what is swallowed, lost one way or reset is noticed in time', {
    timeout: containersMs,
  }, async () => {
    using workspace = new Workspace();
    const finished = await workspace.run(scenario, ...inContainers);
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    const proofs = finished.report?.faults.map(({ name, efficacy }) => [name, efficacy.status]);
    expect(proofs).toEqual([
      ['resets', 'proven'],
      ['swallowed', 'proven'],
      ['not-heard', 'proven'],
    ]);
  });

  for (const planted of plantedNetwork) {
    test(`${planted.name}: ${planted.scenario} fails`, { timeout: containersMs }, () =>
      expectTextFailure(planted, ...inContainers),
    );
  }
});

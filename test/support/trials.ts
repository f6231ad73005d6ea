import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environments } from '../../src/environments/index.ts';
import { type Planned, planExperiment } from '../../src/experiment/planned.ts';
import { runTrials, type TrialWanted } from '../../src/experiment/trials.ts';
import { createProgress } from '../../src/kit/terminal.ts';
import type { TopologyPlan } from '../../src/model/topology.ts';
import { place } from './places.ts';

/** A folder for a test's trials on the local lab. */
export class TrialFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'bw-trials-'));

  /** Plans a scenario that is written into the folder. */
  plan(scenario: string, seed?: number): Promise<Planned> {
    const file = join(this.path, 'scenario.yaml');
    writeFileSync(file, scenario);
    return planExperiment(file, { set: [], config: [] }, seed);
  }

  /** Runs trials on one lab; each one's evidence is in `NAME/evidence`. Throws when one does not come to its end. */
  async run({ mesh }: Planned, topology: TopologyPlan, wanted: readonly TrialWanted[]) {
    await using _place = await place();
    const { signal } = new AbortController();
    const request = {
      runId: `trials-${Date.now().toString(36)}`,
      what: 'trials of a test',
      topology,
      mesh,
      environment: environments.local(mesh, createProgress(process.stderr, true), signal),
      directory: this.path,
      signal,
      watcher: { step() {}, ongoing() {}, warn() {}, fault() {}, load() {} },
    };
    const analyses = [];
    for await (const result of runTrials(request, wanted)) {
      if (result.ended === 'failed') throw result.error;
      if (result.ended !== 'done') throw new Error(`${result.name} ${result.ended}`);
      analyses.push(result.analysis);
    }
    return analyses;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

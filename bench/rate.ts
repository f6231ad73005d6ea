/**
 * The highest rate at which this machine's runs are valid, and what a request costs each program there. Trials of
 * eight seconds on one lab; a rate counts when two of three of its trials prove something. `npm run bench:rate --
 * [lowest] [highest]`, in requests per second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Analysis } from '../src/analysis/analyse.ts';
import { environments } from '../src/environments/index.ts';
import { planExperiment } from '../src/experiment/planned.ts';
import { runTrials, type TrialWanted } from '../src/experiment/trials.ts';
import { createProgress } from '../src/kit/terminal.ts';

const lowest = Number(process.argv[2] ?? 500);
const highest = Number(process.argv[3] ?? 4_000);
const stepPerSecond = 100;
const tries = 3;
const enough = 2;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
const { signal } = stop;
const directory = mkdtempSync(join(tmpdir(), 'breakwater-bench-rate-'));

const at = (rate: number) => planExperiment('bench/rate.yaml', { set: [`load.rate=${rate}/s`], config: [] });
const base = await at(lowest);
const outcomes = new Map<number, Analysis[]>();
const valid = ({ verdict }: Analysis) => verdict !== 'invalid';

/** Whether a rate is settled: enough valid trials, or too few left for that. */
function settled(rate: number): boolean | undefined {
  const found = outcomes.get(rate) ?? [];
  const good = found.filter(valid).length;
  if (good >= enough) return true;
  return found.length - good > tries - enough ? false : undefined;
}

/** Bisects; each trial asks for the next one when it is over. */
async function* search(): AsyncGenerator<TrialWanted> {
  let low = lowest;
  let high = highest + stepPerSecond;
  let number = 0;
  while (high - low > stepPerSecond) {
    const rate = Math.round((low + high) / 2 / stepPerSecond) * stepPerSecond;
    for (let verdict = settled(rate); verdict === undefined; verdict = settled(rate)) {
      const { plan, configuration } = await at(rate);
      number += 1;
      yield { name: `${rate}-${number}`, trial: plan.trial, configuration };
    }
    if (settled(rate)) low = rate;
    else high = rate;
  }
  console.log(`highest valid rate on this machine: ${low} requests/s`);
}

try {
  const request = {
    runId: `bench-rate-${Date.now().toString(36)}`,
    what: 'trials of bench:rate',
    topology: base.plan.topology,
    mesh: base.mesh,
    environment: environments.local(base.mesh, createProgress(process.stderr, true), signal),
    directory,
    signal,
    watcher: { step() {}, ongoing() {}, warn: console.error, fault() {}, load() {} },
  };
  for await (const result of runTrials(request, search())) {
    const rate = Number(result.name.split('-')[0]);
    if (result.ended !== 'done') throw result.ended === 'failed' ? result.error : new Error(result.ended);
    const { analysis } = result;
    outcomes.set(rate, [...(outcomes.get(rate) ?? []), analysis]);
    const { latencyMs, generatorLatencyMs, requests } = analysis.traffic;
    const ms = (value: number | undefined) => (value ?? Number.NaN).toFixed(1);
    const violated = analysis.validity.filter(({ status }) => status === 'violated').map(({ rule }) => rule);
    console.log(
      `${rate}/s ${valid(analysis) ? 'valid  ' : 'invalid'} p50 ${ms(latencyMs['p50'])} p95 ${ms(latencyMs['p95'])} p99 ${ms(latencyMs['p99'])} ms from when due; k6 p50 ${ms(generatorLatencyMs['p50'])} p95 ${ms(generatorLatencyMs['p95'])}; ${violated.join(', ')}`,
    );
    const { harness, programs } = analysis.resources;
    const each = (cpuMs: number) => `${((cpuMs * 1_000) / requests).toFixed(0)} µs`;
    console.log(
      `    CPU a request: ${[['harness', harness] as const, ...Object.entries(programs)].map(([name, { cpuMs }]) => `${name} ${each(cpuMs)}`).join(', ')}`,
    );
    rmSync(join(directory, result.name), { recursive: true, force: true });
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

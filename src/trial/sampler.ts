import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Lab } from '../environments/contract.ts';
import type { MeshStatistics } from '../meshes/contract.ts';
import type { MachineSample, StatisticsSample } from '../model/evidence.ts';
import { isCaller, type TopologyPlan } from '../model/topology.ts';
import { ClientStatistics } from './client-statistics.ts';
import { readMachine } from './machine.ts';

/** measurement: at least every 250 ms; a turn takes a few milliseconds of its own. */
const statisticsEveryMs = 200;
const processesEveryMs = 1_000;
/** A backlog that takes a tenth of a second must be seen; idle time is told in steps of 10 ms. */
const machineEveryMs = 40;
/** Written once a second. */
const machineBatch = 1_000 / machineEveryMs;

export interface Sampler extends AsyncDisposable {
  /** The newest statistics, for whoever watches. */
  readonly latest: readonly StatisticsSample[];
}

/** Asks the sidecars that call and the operating system at a steady pace; writes statistics.jsonl, processes.jsonl and machine.jsonl. */
export function startSampler(
  lab: Lab,
  { instances, services: called }: Pick<TopologyPlan, 'instances' | 'services'>,
  statistics: MeshStatistics,
  directory: string,
): Sampler {
  const services = called.map(({ name }) => name);
  const callers = instances
    .filter(isCaller)
    .map(
      ({ name }) =>
        new ClientStatistics(name, services, statistics, (path) =>
          lab.admin(name, path, statisticsEveryMs * 5),
        ),
    );
  const statisticsFile = createWriteStream(join(directory, 'statistics.jsonl'));
  const processesFile = createWriteStream(join(directory, 'processes.jsonl'));
  const machineFile = createWriteStream(join(directory, 'machine.jsonl'));
  const machine = readMachine();
  const machineSamples: MachineSample[] = [];
  const latest: StatisticsSample[] = [];

  const sampleStatistics = async () => {
    // A hole in the samples is a finding of the analysis.
    const turns = callers.map((caller) => caller.sample().catch(() => []));
    const samples = (await Promise.all(turns)).flat();
    if (samples.length > 0) latest.splice(0, latest.length, ...samples);
    append(statisticsFile, samples);
  };
  const sampleProcesses = async () => {
    const { user, system } = process.cpuUsage();
    append(processesFile, [
      {
        t: Date.now(),
        name: 'harness',
        pid: process.pid,
        cpuMs: (user + system) / 1_000,
        rssBytes: process.memoryUsage.rss(),
      },
      ...(await lab.processes().catch(() => [])),
    ]);
  };
  const sampleProcessors = async () => {
    const sample = machine.sample();
    if (sample !== undefined) machineSamples.push(sample);
    if (machineSamples.length >= machineBatch) append(machineFile, machineSamples.splice(0));
  };
  // What they have used so far is no part of what comes.
  const first = sampleProcesses();
  const stops = [
    every(statisticsEveryMs, sampleStatistics),
    every(processesEveryMs, sampleProcesses),
    every(machineEveryMs, sampleProcessors),
  ];
  return {
    latest,
    async [Symbol.asyncDispose]() {
      await Promise.all([first, ...stops.map((stop) => stop())]);
      // What happened since the last turn, so that nothing at the end is missed.
      await Promise.all([sampleStatistics(), sampleProcesses(), sampleProcessors()]);
      append(machineFile, machineSamples);
      machine[Symbol.dispose]();
      const files = [statisticsFile, processesFile, machineFile];
      for (const file of files) file.end();
      await Promise.all(files.map((file) => finished(file)));
    },
  };
}

function append(file: WriteStream, lines: readonly object[]): void {
  if (lines.length > 0) file.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Runs `turn` at a steady pace, never twice at once; returns how to stop it, which waits for the turn under way. */
function every(periodMs: number, turn: () => Promise<void>): () => Promise<void> {
  let current = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    current = turn().finally(() => {
      busy = false;
    });
  }, periodMs);
  return async () => {
    clearInterval(timer);
    await current;
  };
}

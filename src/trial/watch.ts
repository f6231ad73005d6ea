import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../environments/contract.ts';
import type { Mesh } from '../meshes/contract.ts';
import type { TopologyPlan } from '../model/topology.ts';
import type { TrialWatcher } from './run.ts';
import { startSampler } from './sampler.ts';

/** What was logged is thrown away after this long, so that a lab that is left alone fills no disk. */
const WINDOW_MS = 300_000;

/** A lab that has no trials, and what wants to see who uses it. */
export interface WatchRequest {
  readonly lab: Lab;
  readonly mesh: Mesh;
  readonly topology: TopologyPlan;
  readonly environment: string;
  readonly runId: string;
  /** A folder a window is made in it, and removed. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly watcher: Pick<TrialWatcher, 'began' | 'collected'>;
}

/**
 * Logs and samples a lab that people send requests through by themselves, as if that were the load of a trial without an
 * end. What there is begins anew every five minutes. Resolves soon after the signal ends, or the lab is lost.
 */
export async function watchLab(request: WatchRequest): Promise<void> {
  const { lab, directory, signal } = request;
  const over = AbortSignal.any([signal, lab.signal]);
  for (let number = 1; !over.aborted; number += 1) {
    const folder = join(directory, `watched-${number}`);
    await oneWindow(request, folder, over);
    await rm(folder, { recursive: true, force: true });
  }
}

async function oneWindow(request: WatchRequest, folder: string, over: AbortSignal): Promise<void> {
  const { lab, mesh, topology, environment, runId, watcher } = request;
  const evidence = join(folder, 'evidence');
  await mkdir(evidence, { recursive: true });
  await using _window = await lab.trial({ evidence, logs: join(folder, 'logs') });
  await using _sampler = startSampler(lab, topology, mesh.telemetry.statistics, evidence);
  watcher.began?.({
    runId,
    environment,
    mesh: lab.mesh,
    topology,
    trial: {
      configuration: [],
      // Whatever its clients send.
      loads: [],
      warmupMs: 0,
      durationMs: 0,
      probes: [],
      faults: [],
      changes: [],
      checks: [],
    },
    instances: lab.instances,
    evidence,
    startedAt: Date.now(),
  });
  await Promise.race([lab.lost, sleep(WINDOW_MS, undefined, { signal: over }).catch(() => {})]);
  watcher.collected?.();
}

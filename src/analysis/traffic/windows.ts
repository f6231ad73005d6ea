import type { Window } from '../../checks/contract.ts';
import type { ChangeRecord, FaultRecord } from '../../checks/facts.ts';
import { windowName } from '../../checks/index.ts';
import type { PlannedCheck } from '../../plan/contract.ts';

/**
 * The parts of a run, by what really happened:
 *
 *   steady    end of the warmup … the moment the first fault or change was about to come (all of the load without)
 *   fault     a fault was on (its last target had it) … taking it back began
 *   recovery  its last target was free of it … the next fault was about to come, or the load ended
 *   change    every sidecar held it … the next change was about to be made, or the load ended
 *   run       end of the warmup … the load ended
 */
export function windowsOf(
  faults: readonly FaultRecord[],
  changes: readonly ChangeRecord[],
  warmupMs: number,
  endMs: number,
): Window[] {
  const changings = changes.flatMap(({ changingAtMs }) => changingAtMs ?? []).sort((a, b) => a - b);
  const injections = faults
    .flatMap((fault) => fault.injectingAtMs ?? fault.injectedAtMs ?? [])
    .sort((a, b) => a - b);
  const span = (
    name: Window['name'],
    fromMs: number,
    toMs: number,
    about: Pick<Window, 'fault' | 'change'> = {},
  ): Window => ({
    name,
    ...about,
    fromMs: Math.min(fromMs, endMs),
    toMs: Math.max(Math.min(fromMs, endMs), Math.min(toMs, endMs)),
  });
  return [
    span('steady', warmupMs, Math.min(injections[0] ?? endMs, changings[0] ?? endMs)),
    ...faults.flatMap((fault) => {
      if (fault.injectedAtMs === undefined) return [];
      const on = span('fault', fault.injectedAtMs, fault.revertingAtMs ?? endMs, { fault: fault.name });
      const { revertedAtMs } = fault;
      if (revertedAtMs === undefined) return [on];
      const next = injections.find((at) => at >= revertedAtMs);
      return [on, span('recovery', revertedAtMs, next ?? endMs, { fault: fault.name })];
    }),
    ...changes.flatMap(({ name, arrivedAtMs }) => {
      if (arrivedAtMs === undefined) return [];
      const next = changings.find((at) => at >= arrivedAtMs);
      return [span('change', arrivedAtMs, next ?? endMs, { change: name })];
    }),
    span('run', warmupMs, endMs),
  ];
}

/** The window a check looks at; an empty one when its fault never came or never went. */
export function windowOf(
  { check, fault, change }: Pick<PlannedCheck, 'check' | 'fault' | 'change'>,
  windows: readonly Window[],
): Window {
  const name = windowName(check);
  const belongs = name === 'fault' || name === 'recovery';
  const window = windows.find(
    (each) =>
      each.name === name &&
      (!belongs || fault === undefined || each.fault === fault) &&
      (change === undefined || each.change === change),
  );
  if (window === undefined) {
    return {
      name,
      ...(fault === undefined ? {} : { fault }),
      ...(change === undefined ? {} : { change }),
      fromMs: 0,
      toMs: 0,
    };
  }
  const after = 'after' in check ? check.after : 0;
  const fromMs = Math.min(window.fromMs + after, window.toMs);
  return { ...window, ...(name === 'change' && fault !== undefined ? { fault } : {}), fromMs };
}

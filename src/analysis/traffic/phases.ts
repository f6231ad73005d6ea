import type { Window } from '../../checks/contract.ts';
import type { Traffic } from './traffic.ts';

export const phaseNames = [
  'steady',
  'fault',
  'recovery',
  'change',
  'run',
] as const satisfies readonly Window['name'][];

/** Which kinds of window each request falls into: bit i stands for phaseNames[i]. */
export function phasesOf(traffic: Traffic, windows: readonly Window[]): Uint8Array {
  const phases = new Uint8Array(traffic.length);
  const bits = windows.map(({ name, fromMs, toMs }) => ({
    bit: 1 << phaseNames.indexOf(name),
    fromMs,
    toMs,
  }));
  for (let row = 0; row < traffic.length; row += 1) {
    const when = traffic.whenMs[row] as number;
    let phase = 0;
    for (const { bit, fromMs, toMs } of bits) if (when >= fromMs && when < toMs) phase |= bit;
    phases[row] = phase;
  }
  return phases;
}

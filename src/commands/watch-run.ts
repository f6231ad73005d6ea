import pc from 'picocolors';
import type { ExperimentWatcher } from '../experiment/run.ts';
import type { Progress } from '../kit/terminal.ts';
import type { Plan } from '../plan/contract.ts';

/** Tells how a run goes on. */
export function watchRun(plan: Plan, progress: Progress): ExperimentWatcher {
  return {
    step: (text) => progress.step(text),
    ongoing: (text) => progress.ongoing(text),
    warn: (text) => progress.warn(text),
    fault: (text) => progress.note(`  ${pc.yellow('fault')} ${text}`),
    load(atMs, totalMs, latest) {
      const on = plan.trial.faults
        .filter((fault) => fault.atMs <= atMs && atMs < fault.atMs + fault.forMs)
        .map(({ name }) => name);
      const sums = latest.reduce(
        (sum, sample) => ({
          active: sum.active + sample.active,
          overflow: sum.overflow + sample.overflow,
          ejected: sum.ejected + sample.ejectionsActive,
        }),
        { active: 0, overflow: 0, ejected: 0 },
      );
      const seconds = (ms: number) => Math.round(ms / 1_000);
      progress.status(
        [
          `load ${Math.min(seconds(atMs), seconds(totalMs))}/${seconds(totalMs)} s`,
          `${sums.active} in flight`,
          `${sums.ejected} ejected`,
          `${sums.overflow} overflowed`,
          ...(on.length > 0 ? [`fault: ${on.join(', ')}`] : []),
        ].join(' · '),
      );
    },
  };
}

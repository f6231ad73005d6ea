import type { Question } from './contract.ts';
import type { Shape } from './scaling.ts';

/** Trials that a search for one limit usually takes, where as many are allowed, and the one for the knee. */
const USUAL_TRIALS = { limit: 6, knee: 4 } as const;
/** Two at the nominal rate, two under overload, and one with less. */
const PROOF_TRIALS = 5;
/** What is made again because it proved nothing, as a share of the rest. */
const AGAIN = 0.2;

/** How long a search usually takes, before it starts. */
export interface Estimate {
  readonly trials: number;
  /** With its labs; other shapes of the topology are beyond the budget, and included. */
  readonly ms: number;
}

/** What a search will take, of which `usualMs` is what the environment does: until a lab is up, and beside each load. */
export function estimate(
  question: Question,
  shapes: readonly Shape[],
  usualMs: { readonly up: number; readonly besideLoad: number },
): Estimate {
  const { effort, limits, earlier, written, trialMs, budget } = question;
  const first = 2 + (earlier === undefined && Object.keys(written).length > 0 ? 2 : 0);
  const search =
    limits.length * Math.min(effort.limitTrials, USUAL_TRIALS.limit) +
    PROOF_TRIALS +
    Math.min(effort.kneeTrials, USUAL_TRIALS.knee);
  const trials = Math.min(budget.trials, Math.ceil((first + search) * (1 + AGAIN)));
  const eachMs = trialMs + usualMs.besideLoad;
  const ms = Math.min(budget.ms, usualMs.up + trials * eachMs);
  const others = shapes.map(({ restarted = [] }) =>
    restarted.length === 0 ? 2 * eachMs : eachMs + restarted.length * (1_000 + usualMs.besideLoad),
  );
  return {
    trials: trials + shapes.reduce((sum, { restarted }) => sum + (restarted === undefined ? 2 : 1), 0),
    ms: ms + others.reduce((sum, each) => sum + usualMs.up + each, 0),
  };
}

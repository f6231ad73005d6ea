import { thisMachine } from '../experiment/report.ts';
import { ExitCode } from '../kit/errors.ts';
import { formatRate } from '../kit/format.ts';
import { shellCommand } from '../kit/shell.ts';
import { fullName, type Mesh } from '../meshes/contract.ts';
import { describeResource } from '../model/mesh-configuration.ts';
import { PER_CONNECTION, type PoolLimits } from '../model/pool-limits.ts';
import type { Plan } from '../plan/contract.ts';
import { TUNING_SCHEMA, type TuningReport } from '../report/tuning/model.ts';
import { version } from '../version.ts';
import { costsOf } from './connection-cost.ts';
import type { Ask, Question } from './contract.ts';
import type { TrialRecord } from './journal.ts';
import { describeLimits } from './limits.ts';
import { describeObjective, tightest } from './objective.ts';
import { type Asked, callsOf } from './question.ts';
import { sourcesOf } from './sources.ts';
import type { Tuned, TuningEnd } from './tune.ts';
import { reasoningOf } from './words.ts';

/** What is known of a search beside what was asked and what came of it. */
export interface TuningAbout {
  readonly id: string;
  /** Epoch milliseconds of the command. */
  readonly startedAt: number;
  readonly command: readonly string[];
  readonly environment: string;
  readonly plan: Plan;
  readonly mesh: Mesh;
  readonly asked: Asked;
  readonly records: readonly TrialRecord[];
}

const exitCodes = {
  found: ExitCode.pass,
  missed: ExitCode.fail,
  undecided: ExitCode.invalid,
  invalid: ExitCode.invalid,
} as const satisfies Record<TuningEnd['ended'], ExitCode>;

/** The report of a search, now. */
export function assembleTuning(about: TuningAbout, { end, scaling }: Tuned): TuningReport {
  const { plan, mesh, asked, records } = about;
  const { question, load } = asked;
  const conclusion = end.ended === 'invalid' ? undefined : end;
  const limits = conclusion?.limits;
  const costs = costsOf(question, records);
  const sources = conclusion?.inferred && sourcesOf(question, conclusion.inferred);
  return {
    schema: TUNING_SCHEMA,
    ended: end.ended,
    exitCode: exitCodes[end.ended],
    summary: summaryOf(question, end),
    run: {
      id: about.id,
      startedAt: new Date(about.startedAt).toISOString(),
      environment: about.environment,
      mesh: fullName(mesh),
      breakwater: version,
      machine: thisMachine(),
      command: shellCommand(['npx', 'breakwater', ...about.command]),
    },
    scenario: { name: plan.name, file: plan.file },
    client: load.from,
    service: load.to,
    objective: describeObjective(question.objective),
    nominalRate: question.rate,
    overloadRate: question.rate * question.overload,
    headroomRate: question.rate * (1 + question.headroom),
    clients: question.clients,
    limits: question.limits.flatMap((name) => {
      const value = limits?.[name];
      if (conclusion === undefined || value === undefined) return [];
      const { low, high } = conclusion.intervals[name] ?? { low: value, high: value };
      const before = question.written[name];
      const expected = conclusion.inferred?.expected[name];
      const edge = conclusion.edges.find((each) => each.name === name);
      return [
        {
          name,
          value,
          ...(name === PER_CONNECTION ? {} : { whole: value * question.clients }),
          low: Math.min(low, value),
          high: Math.max(high, value),
          ...(before === undefined ? {} : { before }),
          ...(expected === undefined ? {} : { expected }),
          ...(edge === undefined ? {} : { edge: `${edge.edge} of the bounds` }),
        },
      ];
    }),
    ...(costs.length === 0 ? {} : { costs: [...costs] }),
    ...(conclusion?.knee === undefined
      ? {}
      : {
          knee: {
            low: conclusion.knee.low,
            ...(conclusion.knee.high === undefined ? {} : { high: conclusion.knee.high }),
          },
        }),
    ...(sources === undefined
      ? {}
      : { from: { run: sources.run, taken: [...sources.taken], anew: [...sources.anew] } }),
    ...(scaling.length === 0 ? {} : { scaling: [...scaling] }),
    reasoning:
      conclusion === undefined
        ? []
        : [
            ...reasoningOf(question, conclusion, plan.topology, load.to, scaling.length > 0),
            ...proofOf(question, records, limits),
          ],
    trials: records.map((record) => trialOf(record, question, limits)),
    ...(end.ended === 'found' && limits !== undefined ? { patch: patchOf(about, limits) } : {}),
    wallMs: Date.now() - about.startedAt,
  };
}

function summaryOf(question: Question, end: TuningEnd): string {
  const { rate, overload, clients } = question;
  const objective = describeObjective(question.objective);
  const each = clients === 1 ? '' : ' for each client';
  switch (end.ended) {
    case 'found':
      return [
        `With ${describeLimits(end.limits ?? {})}${each}, ${objective} holds at ${formatRate(rate)} and ${Math.round(question.headroom * 100)} % more`,
        ...(question.limits.some((name) => name !== PER_CONNECTION)
          ? [
              `at ${formatRate(rate * overload)} the excess is refused quickly and who is let in is answered in time`,
            ]
          : []),
      ]
        .join('; ')
        .concat('.');
    case 'missed':
      return `No limits were found with which ${objective} holds at ${formatRate(rate)} and at ${formatRate(rate * overload)}. Nearest: ${describeLimits(end.limits ?? {})}${each}; missed: ${end.missed.join('; ')}.`;
    case 'undecided':
      return end.limits === undefined
        ? 'The budget was used up before any limit was tried.'
        : `The budget was used up before a proof; so far it points to ${describeLimits(end.limits)}${each}.`;
    case 'invalid':
      return `Trials proved nothing several times in a row: ${end.why}`;
  }
}

function trialOf(
  { name, ask, verdict, measured, why }: TrialRecord,
  { objective }: Question,
  found: PoolLimits | undefined,
): TuningReport['trials'][number] {
  const latency = `p${tightest(objective).percentile}`;
  const ms = measured?.latencyMs[latency];
  return {
    name,
    verdict,
    purpose: ask.purpose,
    judged: ask.judged,
    limits: limitsOf(ask),
    stage: stageOf(ask, found),
    offered: ask.rate,
    ...(measured === undefined
      ? {}
      : {
          goodput: measured.goodput,
          success: measured.success,
          refused: measured.refused,
          ...(measured.refusedP90Ms === undefined ? {} : { refusedP90Ms: measured.refusedP90Ms }),
        }),
    ...(ms === undefined ? {} : { latency: { name: latency, ms } }),
    why: [...(measured?.missed ?? (why === undefined ? [] : [why]))],
  };
}

/** How often the limits held, of all that proved something: a proof is a few trials, and chance has a part in each. */
function proofOf(
  question: Question,
  records: readonly TrialRecord[],
  found: PoolLimits | undefined,
): string[] {
  const nominal = Number((question.rate * (1 + question.headroom)).toFixed(3));
  const told = (['nominal', 'overload'] as const).map((judged) => {
    const valid = records.filter(
      ({ ask, measured }) =>
        measured !== undefined &&
        ask.judged === judged &&
        stageOf(ask, found) === 'after' &&
        (judged === 'overload' || ask.rate === nominal),
    );
    return `${valid.filter(({ verdict }) => verdict === 'holds').length} of ${valid.length}`;
  });
  if (told.every((each) => each === '0 of 0')) return [];
  return [
    `Of the trials with exactly these limits that prove something, ${told[0]} held at the nominal rate and its headroom, and ${told[1]} under overload.`,
  ];
}

/** What a trial was made with, in words. */
export const limitsOf = ({ limits, purpose }: Ask): string =>
  purpose === 'as written' ? 'as written' : limits === 'none' ? 'no limits' : describeLimits(limits);

function stageOf({ limits, purpose }: Ask, found: PoolLimits | undefined) {
  if (purpose === 'other shape') return 'scaling';
  if (limits === 'none' || purpose === 'as written') return 'before';
  return JSON.stringify(limits) === JSON.stringify(found) ? 'after' : 'search';
}

function patchOf(
  { mesh, asked: { rule, load }, plan }: TuningAbout,
  limits: PoolLimits,
): NonNullable<TuningReport['patch']> {
  if (rule === undefined) {
    const { name, text } = mesh.pools.newRule(callsOf(load, plan.topology), limits);
    return { resource: describeResource(name), text };
  }
  const { resource } = rule;
  return {
    resource: describeResource(resource),
    file: resource.file,
    text: mesh.pools.patch(callsOf(load, plan.topology), limits),
  };
}

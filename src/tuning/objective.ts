import { neededForPercentile } from '../checks/index.ts';
import { usageError } from '../kit/errors.ts';
import { formatMs, formatPercent } from '../kit/format.ts';
import { nearest, quote } from '../kit/nearest.ts';
import { parseDuration, parsePercent } from '../kit/units.ts';

/** What the service owes its callers: how fast most of them are answered, and how many are answered well. */
export interface Objective {
  /** Of answers that end well, counted from when a request was due; ordered by percentile. */
  readonly latencies: readonly { readonly percentile: number; readonly atMostMs: number }[];
  /** Share of requests that end well, from 0 to 1. A refused one does not. */
  readonly successAtLeast: number;
}

const example = "such as --slo 'p99 < 50ms, success >= 99.9%'";
const metrics = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'success'];

/**
 * Reads "p99 < 50ms, success >= 99.9%"; `<` and `<=` mean the same. Throws a usage error for what cannot be read, for
 * what contradicts itself, and for an objective that a service could meet by doing nothing.
 */
export function parseObjective(text: string): Objective {
  const latencies = new Map<number, number>();
  let success: number | undefined;
  const conditions = text.split(/,|\band\b/).map((part) => part.trim());
  if (conditions.every((condition) => condition === '')) throw wrong('it is empty', example);
  for (const condition of conditions) {
    const { metric, direction, value } = readCondition(condition);
    if (metric === 'success') {
      if (success !== undefined) throw twice(metric);
      success = readSuccess(direction, value);
      continue;
    }
    const percentile = Number(metric.slice(1));
    if (latencies.has(percentile)) throw twice(metric);
    latencies.set(percentile, readLatency(metric, direction, value));
  }
  if (success === undefined) {
    throw wrong('it says nothing about success, so refusing everybody would meet it', example);
  }
  if (latencies.size === 0) throw wrong('it says nothing about latency, so any queue would meet it', example);
  const ordered = [...latencies].sort(([a], [b]) => a - b);
  return {
    latencies: ordered.map(([percentile, atMostMs]) => ({ percentile, atMostMs })),
    successAtLeast: success,
  };
}

interface Condition {
  readonly metric: string;
  readonly direction: '<' | '>';
  readonly value: string;
}

function readCondition(condition: string): Condition {
  if (condition === '') throw wrong('there is nothing between two of its commas', example);
  const match = /^([\w.-]+)\s*(<=|>=|<|>)\s*(\S.*)$/.exec(condition);
  if (match === null) {
    throw wrong(
      `${quote(condition)} is no condition`,
      `a condition is METRIC < VALUE or METRIC >= VALUE, ${example}`,
    );
  }
  const [, metric = '', operator = '', value = ''] = match;
  const percentile = /^p(\d+(?:\.\d+)?)$/.exec(metric)?.[1];
  if (percentile !== undefined && !(Number(percentile) > 0 && Number(percentile) < 100)) {
    throw wrong(`there is no percentile ${metric}`, 'a percentile lies between 0 and 100: p50, p95, p99');
  }
  if (percentile === undefined && metric !== 'success') {
    const meant = nearest(metric, metrics);
    throw wrong(
      `nothing is measured that is called ${quote(metric)}`,
      `${meant === undefined ? '' : `did you mean ${meant}? `}it takes a percentile of the latency (p50, p95, p99) and success`,
    );
  }
  return { metric, direction: operator.startsWith('<') ? '<' : '>', value };
}

function readSuccess(direction: '<' | '>', value: string): number {
  if (direction === '<') throw wrong('it asks for failures: success < …', 'write success >= 99.9%');
  const share = parsePercent(value.replace(/\s+(?=%)/, ''));
  if (share === undefined) {
    throw wrong(`success is a percentage up to 100%, not ${quote(value)}`, 'write success >= 99.9%');
  }
  if (share === 0) throw wrong('success >= 0% holds whatever happens', 'write success >= 99.9%');
  return share;
}

function readLatency(metric: string, direction: '<' | '>', value: string): number {
  if (direction === '>') {
    throw wrong(`it asks for slow answers: ${metric} > …`, `write ${metric} < 50ms`);
  }
  const ms = parseDuration(value.replace(/\s+(?=[a-z])/, ''));
  if (ms === undefined) {
    throw wrong(`${metric} is a time with a unit, not ${quote(value)}`, `write ${metric} < 50ms`);
  }
  if (ms === 0)
    throw wrong(`no answer takes less than no time: ${metric} < ${value}`, `write ${metric} < 50ms`);
  return ms;
}

const twice = (metric: string) =>
  wrong(`it limits ${metric} twice`, 'give each metric once, with the stricter of the two limits');

const wrong = (what: string, hint: string) => usageError(`--slo: ${what}`, hint);

/** "p99 at most 50 ms, success at least 99.9 %". */
export function describeObjective({ latencies, successAtLeast }: Objective): string {
  return [
    ...latencies.map(({ percentile, atMostMs }) => `p${percentile} at most ${formatMs(atMostMs)}`),
    `success at least ${formatPercent(successAtLeast)}`,
  ].join(', ');
}

/** The tightest of its limits on latency: the one that a wait counts against first, in milliseconds. */
export const tightest = ({ latencies }: Objective) =>
  latencies.reduce((least, each) => (each.atMostMs < least.atMostMs ? each : least));

/** Answers that end well that a trial needs for every percentile to mean something. */
export const neededAnswers = ({ latencies }: Objective) =>
  Math.max(...latencies.map(({ percentile }) => neededForPercentile(percentile)));

import { formatMs, formatRate } from '../kit/format.ts';
import type { Inferred, Question } from './contract.ts';

/** What of a search comes from an earlier run and what it has measured itself, in words. */
export interface Sources {
  readonly run: string;
  readonly taken: readonly string[];
  readonly anew: readonly string[];
}

const round = (value: number) => Number(value.toPrecision(3));

/** Where the numbers come from that theory went by; undefined where there was no earlier run. */
export function sourcesOf({ earlier, rate, overload }: Question, { drawn }: Inferred): Sources | undefined {
  if (earlier === undefined) return undefined;
  const { service, underWay, mostUnderWay, offered, goodput } = earlier;
  return {
    run: earlier.run,
    taken: [
      ...(service === undefined || drawn?.service === false
        ? []
        : [
            `the service time, ${formatMs(round(service.ms))} at ${formatRate(round(earlier.rate))} (squared coefficient of variation ${round(service.variation)})`,
          ]),
      `the concurrency, ${round(underWay)} requests under way in its steady state and at most ${mostUnderWay}`,
      `what was got done, ${formatRate(round(goodput))} of ${formatRate(round(offered))} in its busiest second${drawn?.capacity ? ', which is what the servers can do' : ''}`,
      'what limits as they are written come to',
    ],
    anew: [
      'whether the objective holds without limits',
      ...(service === undefined
        ? ['the service time, since requests waited or were refused in that run']
        : []),
      ...(service !== undefined && drawn?.service === false
        ? [`the service time, which is no longer the ${formatMs(round(service.ms))} of that run`]
        : []),
      ...(drawn?.capacity
        ? []
        : [`what the servers get done of ${formatRate(rate * overload)}, which that run does not tell`]),
      'everything with limits',
    ],
  };
}

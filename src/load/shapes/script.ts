import { resolve } from 'node:path';
import { z } from 'zod';
import type { ScriptFindings } from '../../model/evidence.ts';
import { SUMMARY_FILE } from '../contract.ts';
import type { ShapeKind } from './contract.ts';
import { routeOf } from './lines.ts';

const field = z
  .string()
  .describe(
    'A k6 script of your own, relative to this file; it brings its own scenarios. It finds the service at `__ENV.BREAKWATER_URL`, and a seed for its random choices in `__ENV.BREAKWATER_SEED`.',
  );

interface Group {
  readonly groups?: Readonly<Record<string, Group>>;
  readonly checks?: Readonly<
    Record<string, { readonly path: string; readonly passes: number; readonly fails: number }>
  >;
}

/** What k6 tells of one metric: the numbers that it has made of it, and whether each threshold on it was crossed. */
interface Metric {
  readonly thresholds?: Readonly<Record<string, boolean>>;
  readonly [number: string]: number | Readonly<Record<string, boolean>> | undefined;
}

/** What is read of the totals that k6 itself exports. */
interface Exported {
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly root_group?: Group;
  /** How many k6 they are the sum of, if several. */
  readonly generators?: number;
}

export interface Script {
  /** Absolute. */
  readonly path: string;
  /** As the user named it. */
  readonly file: string;
}

/** A k6 script of the user's own. */
export const script: ShapeKind<typeof field, Script> = {
  field,
  loop: 'script',
  carriesDue: false,
  ignores: {
    fields: ['method', 'path', 'headers', 'body', 'reuse', 'timeout', 'maxLatency'],
    beside: 'a script of your own',
  },
  mistakes: (_, { users }) =>
    users === undefined
      ? []
      : [
          {
            path: ['users'],
            at: 'value',
            message: 'users does nothing with script',
            hint: 'the script has its own',
          },
        ],
  file: (written) => written,
  shape: (written, directory) => ({ path: resolve(directory, written), file: written }),
  describe: ({ shape }) => shape.file,
  planLines: (load) => [`k6 script ${load.shape.file} ${routeOf(load)}`],
  heightAt: () => 1,
  script: ({ shape, port, seed }, host) => ({
    files: {},
    script: shape.path,
    args: [
      '--log-format=json',
      `--summary-export=${SUMMARY_FILE}`,
      ...['-e', `BREAKWATER_URL=http://${host}:${port}`],
      ...(seed === undefined ? [] : ['-e', `BREAKWATER_SEED=${seed}`]),
    ],
    summary: SUMMARY_FILE,
    announcesStart: false,
    complains: true,
  }),
  counts(summary) {
    const exported = summary as Exported;
    const number = (name: string, field: string) => {
      const value = exported.metrics[name]?.[field];
      return typeof value === 'number' ? value : 0;
    };
    return {
      iterations: number('iterations', 'count'),
      droppedIterations: number('dropped_iterations', 'count'),
      requests: number('http_reqs', 'count'),
      answers: {},
      latencyMs: {},
      maxUsers: number('vus_max', 'max'),
      own: { ...findingsIn(exported), complaints: [] },
    };
  },
  author: ({ path }) => ({ script: path, isUser: true }),
};

/** Thresholds and checks of a script, as k6 exports them: https://grafana.com/docs/k6/latest/results-output/end-of-test/ */
function findingsIn({ metrics, root_group: root = {}, generators = 1 }: Exported) {
  return {
    thresholds: Object.entries(metrics).flatMap(([metric, numbers]) =>
      Object.entries(numbers.thresholds ?? {}).map(([expression, crossed]) => {
        const value = heldAgainst(numbers, expression);
        return {
          metric,
          expression,
          holds: !crossed,
          // What several k6 have counted apart cannot be put together.
          ...(value === undefined || generators > 1 ? {} : { value }),
          empty: isEmpty(metric, numbers),
        };
      }),
    ),
    checks: checksIn(root),
  };
}

/** What takes longer than no time whenever it happens, with tags or without. */
const lasting = /^(http_req_(duration|waiting)|(iteration|group|ws_session|grpc_req)_duration)(\{|$)/;

/**
 * Whether nothing was counted into a metric. k6 exports zeros of one that has no samples, such as of the requests of a
 * scenario that never began, and takes every upper limit for kept.
 */
function isEmpty(metric: string, numbers: Metric): boolean {
  if (numbers['passes'] === 0 && numbers['fails'] === 0) return true;
  const told = Object.values(numbers).filter((each) => typeof each === 'number');
  return lasting.test(metric) && told.length > 0 && told.every((each) => each === 0);
}

/** The number that an expression is about; a rate is called otherwise there than in what k6 exports. */
function heldAgainst(numbers: Metric, expression: string): number | undefined {
  const [name = ''] = /^\s*\w+(\([\d.]+\))?/.exec(expression) ?? [];
  const value = numbers[name.trim()] ?? (name.trim() === 'rate' ? numbers['value'] : undefined);
  return typeof value === 'number' ? value : undefined;
}

function checksIn({ groups = {}, checks = {} }: Group): ScriptFindings['checks'][number][] {
  const own = Object.values(checks).map(({ path, passes, fails }) => ({
    name: path.split('::').filter(Boolean).join(' / '),
    passes,
    fails,
  }));
  return [...own, ...Object.values(groups).flatMap(checksIn)];
}

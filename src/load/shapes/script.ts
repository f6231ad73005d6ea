import { resolve } from 'node:path';
import { z } from 'zod';
import { SUMMARY_FILE } from '../contract.ts';
import type { ShapeKind } from './contract.ts';
import { routeOf } from './lines.ts';

const field = z
  .string()
  .describe(
    'A k6 script of your own, relative to this file; it brings its own scenarios. It finds the service at `__ENV.BREAKWATER_URL`, and a seed for its random choices in `__ENV.BREAKWATER_SEED`.',
  );

/** What is read of the totals that k6 itself exports. */
interface Exported {
  readonly metrics: Readonly<Record<string, { readonly count?: number; readonly max?: number }>>;
}

interface Script {
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
    fields: ['method', 'path', 'headers', 'body', 'timeout', 'maxLatency'],
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
      `--summary-export=${SUMMARY_FILE}`,
      ...['-e', `BREAKWATER_URL=http://${host}:${port}`],
      ...(seed === undefined ? [] : ['-e', `BREAKWATER_SEED=${seed}`]),
    ],
    summary: SUMMARY_FILE,
    announcesStart: false,
  }),
  counts(summary) {
    const { metrics } = summary as Exported;
    const count = (name: string) => metrics[name]?.count ?? 0;
    return {
      iterations: count('iterations'),
      droppedIterations: count('dropped_iterations'),
      requests: count('http_reqs'),
      answers: {},
      latencyMs: {},
      maxUsers: metrics['vus_max']?.max ?? 0,
    };
  },
  author: ({ path }) => ({ script: path, isUser: true }),
};

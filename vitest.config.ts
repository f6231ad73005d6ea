import { defineConfig } from 'vitest/config';

/** Files at once; most of their time is waiting. */
const sideBySide = 3;

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        // Of maps that a package names and does not have.
        logLevel: 'error',
        test: {
          name: 'unit',
          // None of them changes what another one sees, and loading every module anew is a third of the work.
          isolate: false,
          include: ['src/**/*.test.ts', 'apps/**/*.test.ts', 'test/*.test.ts'],
          // It imports its schema in a way that Node has not.
          server: { deps: { inline: [/@actions\/workflow-parser/] } },
          maxWorkers: sideBySide,
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          // What each of them shows does not hang on timing, so several meshes run side by side. A run that
          // something else disturbs says that it is invalid, and is made again (test/support/breakwater.ts).
          name: 'e2e-together',
          include: ['test/together/**/*.test.ts'],
          maxWorkers: sideBySide,
          maxConcurrency: 3,
          sequence: { groupOrder: 0 },
          testTimeout: 240_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // These measure a mesh, or look at all that this machine runs: two at once would measure each other.
          name: 'e2e-alone',
          include: ['test/alone/**/*.test.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 240_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Everything about labs in containers that test/alone/docker.test.ts leaves out.
          name: 'docker',
          include: ['test/docker/**/*.test.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
          testTimeout: 240_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Half an hour and more: everything about kind that test/alone/kind.test.ts leaves out.
          name: 'kind',
          include: ['test/kind/**/*.test.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

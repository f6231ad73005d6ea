import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';

/** Its planted defects are among those of `npm run bench:mutations`. */
test('tcp passes on sound configuration', async () => {
  using workspace = new Workspace();
  const finished = await workspace.run('scenarios/tcp.yaml', '--profile', 'short');
  expect(finished.report?.verdict, outcome(finished)).toBe('pass');
});

import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { expectTextFailure } from '../support/defects.ts';
import { commandsOn } from '../support/pages.ts';
import { plantedFile } from '../support/planted.ts';
import { plantedFilters } from '../support/planted-filters.ts';

const short = ['--profile', 'short'];
/** The others are alike, and the bench of planted defects has them all. */
const told = /^(a limit on what the service calls|a key without the query|a cache in which alike requests)/;

for (const [, ...args] of commandsOn('limits-and-caches.md')) {
  test.concurrent(`${args[0]} passes on sound configuration`, async () => {
    using workspace = new Workspace();
    const finished = await workspace.run(...args, ...short);
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
  });
}

for (const planted of plantedFilters) {
  if (!told.test(planted.name)) continue;
  test.concurrent(`${planted.name}: ${planted.scenario} fails`, () => expectTextFailure(planted, ...short));
}

test.concurrent('a filter behind the router is refused, and the patch that puts it there is named', async () => {
  using workspace = new Workspace();
  const file = plantedFile(workspace.path, 'request-deduplication.yaml', (text) =>
    text.replace('INSERT_BEFORE', 'INSERT_AFTER'),
  );
  const finished = await workspace.run('scenarios/request-deduplication.yaml', ...short, '--config', file);
  expect(finished.code, outcome(finished)).toBe(2);
  expect(finished.stderr).toMatch(/planted\.yaml:\d+.*spec\.configPatches\[0\]/);
});

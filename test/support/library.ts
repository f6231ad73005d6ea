import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root, type Workspace } from './breakwater.ts';

/**
 * Runs the example of docs/labs-as-a-library.md as it stands there, with the labs of one of the two entries: this
 * source in the place of the package.
 */
export async function runExample(workspace: Workspace, entry: 'loopback' | 'testcontainers'): Promise<void> {
  const page = readFileSync(join(root, 'docs/labs-as-a-library.md'), 'utf8');
  const [, example = ''] = /```js\n(\/\/ example: test\n[\s\S]*?)```/.exec(page) ?? [];
  const source = JSON.stringify(join(root, `src/library/${entry}.ts`));
  const written = example.replace("'breakwater/loopback'", source);
  expect(written).toContain(source);
  const file = join(workspace.path, 'example.test.mts');
  writeFileSync(file, written);
  const ran = spawn(process.execPath, ['--no-warnings', '--test', file], {
    env: { ...process.env, BREAKWATER_RUNS: workspace.runs, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, stdout, stderr } = await workspace.finish(ran);
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/pass 1\b/);
}

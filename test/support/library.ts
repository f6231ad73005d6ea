import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Finished, root, type Workspace } from './breakwater.ts';

type Entry = 'loopback' | 'testcontainers';

/** Runs the test of docs/labs-as-a-library.md as it stands there, with the labs of one of the two entries. */
export async function runExample(workspace: Workspace, entry: Entry): Promise<void> {
  const example = exampleOf('test').replace('breakwater/loopback', `breakwater/${entry}`);
  const { code, stdout, stderr } = await runModule(workspace, example, entry, '--test');
  expect(code, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/pass 1\b/);
}

/** Runs the app of one's own behind a sidecar of that page, of this image, which Docker has. */
export async function runContainerExample(workspace: Workspace, image: string): Promise<Finished> {
  const example = exampleOf('container');
  expect(example).toContain("'my-shop'");
  return await runModule(workspace, example.replace('my-shop', image), 'testcontainers');
}

/** The block of code of the page that begins with such a line. */
function exampleOf(name: string): string {
  const page = readFileSync(join(root, 'docs/labs-as-a-library.md'), 'utf8');
  const block = [...page.matchAll(/```js\n([\s\S]*?)```/g)].find(([, code = '']) =>
    code.startsWith(`// example: ${name}\n`),
  );
  if (block?.[1] === undefined) throw new Error(`the page has no example of a ${name}`);
  return block[1];
}

/** Runs a module that imports the package, which is this source in its place, and so are the packages beside it. */
async function runModule(
  workspace: Workspace,
  code: string,
  entry: Entry,
  ...options: readonly string[]
): Promise<Finished> {
  const source = (path: string) => JSON.stringify(join(root, path));
  const written = code
    .replace(`'breakwater/${entry}'`, source(`src/library/${entry}.ts`))
    .replace("'testcontainers'", source('node_modules/testcontainers/build/index.js'));
  expect(written).toContain(source(`src/library/${entry}.ts`));
  const file = join(workspace.path, 'example.test.mts');
  writeFileSync(file, written);
  const ran = spawn(process.execPath, ['--no-warnings', ...options, file], {
    env: { ...process.env, BREAKWATER_RUNS: workspace.runs, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return await workspace.finish(ran);
}

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/kit/problems.ts';
import { root, Workspace } from '../support/breakwater.ts';
import { istioModule } from '../support/istio-module.ts';

const module = istioModule();

/** One document of Istio's own examples; those that it refuses say why in a field of their own. */
interface Example {
  readonly file: string;
  readonly content: string;
  readonly refused: boolean;
}

function examplesIn(directory: string): Example[] {
  return readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split(/^---.*$/m)
      .filter((content) => /^kind:/m.test(content))
      .map((content, index) => ({
        file: `${basename(file, '.yaml')}-${index + 1}.yaml`,
        content: content.replace(/^_err:.*\n/m, '').trimStart(),
        refused: /^_err:/m.test(content),
      })),
  );
}

function lint(directory: string, files: readonly string[]): readonly Problem[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin/breakwater.js'), 'lint', '--json', ...files],
    { cwd: directory, encoding: 'utf8', maxBuffer: 10_000_000 },
  );
  const { problems, notAsked } = JSON.parse(stdout || '{}');
  expect(notAsked, stderr).toBeUndefined();
  return problems;
}

describe.skipIf(module === undefined)("Istio's own examples (need its Go module)", () => {
  const examples = ['pkg/config/validation/testdata/crds', 'pkg/test/datasets/validation/dataset'].flatMap(
    (directory) => examplesIn(join(module ?? '', directory)),
  );

  test('are refused at the line of the mistake, and taken where Istio takes them', async () => {
    using workspace = new Workspace();
    for (const { file, content } of examples) writeFileSync(join(workspace.path, file), content);
    const problems = lint(
      workspace.path,
      examples.map(({ file }) => file),
    );
    const isRefused = ({ file }: Example) => problems.some((problem) => problem.file === file);
    expect(examples.filter(({ refused }) => refused)).toHaveLength(76);
    expect(examples.filter(({ refused }) => !refused)).toHaveLength(65);
    expect(examples.filter((each) => isRefused(each) !== each.refused).map(({ file }) => file)).toEqual([]);
    const said = problems.map(({ file, line, path, message }) =>
      [`${file}:${line}`, ...(path === undefined ? [] : [path]), message].join(': '),
    );
    await expect(`${said.join('\n')}\n`).toMatchFileSnapshot('./istio-examples.txt');
  });

  test('under samples/ are taken, or refused for what is not for a mesh', () => {
    const samples = join(module ?? '', 'samples');
    const files = readdirSync(samples, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .filter((file) => /^apiVersion: \w+\.istio\.io\//m.test(readFileSync(join(samples, file), 'utf8')))
      // Templates for an installer, with gaps in them.
      .filter((file) => !existsSync(join(samples, dirname(file), '../Chart.yaml')));
    expect(files.length).toBeGreaterThan(30);
    const others = lint(samples, files).filter(
      ({ message }) =>
        !/^(the scenario's topology makes every|"\w+" \(\S+\) is not a kind that Istio)/.test(message),
    );
    expect(others).toEqual([]);
  });
});

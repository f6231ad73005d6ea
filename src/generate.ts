import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './kit/run-program.ts';
import { extractSchemas } from './meshes/istio/schemas/extract.ts';
import { ISTIO_VERSION } from './meshes/istio/version.ts';
import { comparisonJsonSchema } from './report/comparison/index.ts';
import { reportJsonSchema } from './report/json.ts';
import { runsJsonSchema } from './report/runs/index.ts';
import { suiteJsonSchema } from './report/suite/json.ts';
import { tuningJsonSchema } from './report/tuning/json.ts';
import { scenarioJsonSchema } from './scenario/json-schema.ts';
import { referenceMarkdown } from './scenario/reference.ts';

/** `node src/generate.ts` writes every generated file; `--check` fails when one is not up to date. */

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files by path: their content, or why it cannot be made here. */
const generated: Readonly<Record<string, () => Promise<string | { readonly skipped: string }> | string>> = {
  'scenarios/scenario.schema.json': () => `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`,
  'docs/reference.md': referenceMarkdown,
  'docs/report.schema.json': () => `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  'docs/runs.schema.json': () => `${JSON.stringify(runsJsonSchema(), null, 2)}\n`,
  'docs/comparison.schema.json': () => `${JSON.stringify(comparisonJsonSchema(), null, 2)}\n`,
  'docs/suite.schema.json': () => `${JSON.stringify(suiteJsonSchema(), null, 2)}\n`,
  'docs/tune.schema.json': () => `${JSON.stringify(tuningJsonSchema(), null, 2)}\n`,
  [`src/meshes/istio/schemas/istio-${ISTIO_VERSION}.generated.json`]: istioSchemas,
};

async function istioSchemas(): Promise<string | { readonly skipped: string }> {
  const { ended, stdout } = await runProgram({
    program: 'go',
    args: ['list', '-m', '-f', '{{.Dir}}', 'istio.io/istio'],
    cwd: join(root, 'toolchain/istio'),
    group: 'shared',
  });
  if (ended !== 'ok') return { skipped: 'there is no Go' };
  const module = stdout.trim();
  if (module === '')
    return { skipped: "Istio's Go module is not here; run `go mod download` in toolchain/istio" };
  const yaml = await readFile(join(module, 'manifests/charts/base/files/crd-all.gen.yaml'), 'utf8');
  return `${JSON.stringify(extractSchemas(yaml, ISTIO_VERSION))}\n`;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [file, make] of Object.entries(generated)) {
  const content = await make();
  if (typeof content === 'object') {
    console.log(`skipped ${file}: ${content.skipped}`);
    if (!check) process.exitCode = 1;
    continue;
  }
  const path = join(root, file);
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present === content) continue;
  if (check) {
    stale.push(file);
    continue;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  console.log(`wrote ${file}`);
}
if (stale.length > 0) {
  console.error(`not up to date: ${stale.join(', ')}\nRun \`npm run generate\` and commit what it writes.`);
  process.exitCode = 1;
}

/**
 * Which planted defects are caught, and whether sound configuration is ever blamed: every planted defect of every
 * scenario, and each scenario as it is a number of times. Caught means: the run fails, with the check failing that
 * the defect is for, and the report names the planted setting. A run that is invalid had a machine too busy to
 * tell; it is made again up to twice, and what stays invalid counts as not caught.
 *
 * `npm run bench:mutations -- [--sound RUNS] [--sound-only] [--at-a-time N] [--only SCENARIO] [--mesh MESH] [--env ENVIRONMENT] [--full] [--results FILE] [--write]`:
 * sound runs of each scenario (10), nothing planted, runs side by side (1), some scenarios, one mesh of the two, another
 * environment than the local lab (what it cannot do is left out), whole runs in place of the short profile, results kept
 * in a file (what is not made again stays as it is there), docs/mutations.md written anew, or docs/mutations-ENVIRONMENT.md.
 * All of it takes about an hour on two cores.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type EnvironmentName,
  environmentCapabilities,
  environmentNames,
} from '../src/environments/index.ts';
import { planExperiment } from '../src/experiment/planned.ts';
import { unfitFor } from '../src/plan/environments.ts';
import type { Report } from '../src/report/model.ts';
import { settingsBehind } from '../src/report/words.ts';
import { missing } from '../test/support/docker.ts';
import { type Mutation, mutations } from '../test/support/mutations.ts';
import { runScenario } from './support.ts';

const { values } = parseArgs({
  options: {
    sound: { type: 'string', default: '10' },
    'sound-only': { type: 'boolean', default: false },
    'at-a-time': { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    env: { type: 'string', default: 'local' },
    mesh: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    results: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const root = resolve(import.meta.dirname, '..');
const mostAgain = 2;
const soundRuns = Number(values.sound);
const profile = values.full ? [] : ['--profile', 'short'];
const scenarios = readdirSync(join(root, 'scenarios'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.slice(0, -'.yaml'.length))
  .filter((name) => values.only === undefined || values.only.includes(name));

const env = values.env as EnvironmentName;
if (!environmentNames.includes(env)) throw new Error(`--env is one of ${environmentNames.join(', ')}`);
if (env === 'docker' && missing !== '') throw new Error(`this bench needs Docker${missing}`);
/** The meshes that are asked for, each with the scenarios that run on it. */
const meshes = values.mesh ?? ['istio', 'consul'];
const fitting = new Map<string, readonly string[]>();
for (const mesh of meshes) fitting.set(mesh, await scenariosOn(mesh));
const onMesh = (mesh: string) => [...(mesh === 'istio' ? [] : ['--mesh', mesh]), '--env', env];

/** Scenarios that are there for a mesh, and that the environment can run. */
async function scenariosOn(mesh: string): Promise<string[]> {
  const fit = scenarios.map(async (name) => {
    const file = join(root, `scenarios/${name}.yaml`);
    const written = new RegExp(`^meshes:\\n  ${mesh}:(?!\\n    unsupported:)`, 'm');
    if (mesh !== 'istio' && !written.test(readFileSync(file, 'utf8'))) return [];
    const {
      plan,
      mesh: kind,
      locate,
    } = await planExperiment(file, {
      config: [],
      set: [],
      ...(mesh === 'istio' ? {} : { mesh }),
    });
    const unfit = unfitFor({ plan, mesh: kind }, env, environmentCapabilities, locate);
    return unfit.length > 0 || (env === 'docker' && kind.containers === undefined) ? [] : [name];
  });
  return (await Promise.all(fit)).flat();
}

/** What came of one planted defect. */
interface Row {
  readonly mesh: string;
  readonly scenario: string;
  readonly name: string;
  readonly verdict: string;
  readonly caught: boolean;
  /** Names of the checks that failed. */
  readonly failed: readonly string[];
  /** The setting that the report names for it. */
  readonly named: string;
  /** How many invalid runs came before. */
  readonly again: number;
}

/** A report, or what came in its place. */
async function reportOf(scenario: string, ...args: readonly string[]): Promise<Report | string> {
  try {
    return await runScenario(`scenarios/${scenario}.yaml`, ...profile, ...args);
  } catch (error) {
    return `no report (${error instanceof Error ? error.message : error})`;
  }
}

const verdictOf = (report: Report | string) => (typeof report === 'string' ? report : report.verdict);

async function planted(mutation: Mutation): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bench-mutation-'));
  try {
    const { mesh = 'istio' } = mutation;
    const args = [...onMesh(mesh), ...mutation.args(folder)];
    let report = await reportOf(mutation.scenario, ...args);
    let again = 0;
    for (; verdictOf(report) === 'invalid' && again < mostAgain; again++)
      report = await reportOf(mutation.scenario, ...args);
    const checks = typeof report === 'string' ? [] : report.checks;
    const failed = checks.filter(({ status }) => status === 'fail');
    const named = failed
      .flatMap(({ reason }) => settingsBehind(reason ?? {}))
      .find(({ setting }) => mutation.names.test(setting) || mutation.names.test(withoutBrackets(setting)));
    const verdict = verdictOf(report);
    const rightCheck = mutation.fails === undefined || failed.some(({ kind }) => kind === mutation.fails);
    return {
      mesh,
      scenario: mutation.scenario,
      name: mutation.name,
      verdict,
      caught: verdict === 'fail' && rightCheck && named !== undefined,
      failed: failed.map(({ name }) => name),
      named: named === undefined ? 'nothing' : withoutFolder(folder, named),
      again,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** "maxEjectionPercent: 10 (default of Envoy)" → without what stands in brackets at the end. */
const withoutBrackets = (setting: string) => setting.replace(/ \([^)]*\)$/, '');
const withoutFolder = (
  folder: string,
  { setting, source }: { setting: string; source?: string | undefined },
) => (source === undefined ? setting : `${setting}, ${source.replace(new RegExp(`^.*${folder}/`), '')}`);

/** Does each, `at-a-time` of them side by side; results in the order of what was given. */
async function each<Item, Result>(items: readonly Item[], body: (item: Item) => Promise<Result>) {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await body(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Number(values['at-a-time']) }, worker));
  return results;
}

/** A run of a scenario as it is. */
interface SoundRun {
  readonly mesh: string;
  readonly scenario: string;
  readonly verdict: string;
}

/** What is kept between runs of this bench. */
interface Results {
  /** "istio 1.29.1", "consul 1.16.1". */
  readonly meshes: readonly string[];
  readonly rows: readonly Row[];
  readonly sound: readonly SoundRun[];
}

const ran = new Set<string>();
const made = await each(
  values['sound-only']
    ? []
    : mutations.filter(
        ({ scenario, mesh = 'istio', environments = environmentNames }) =>
          environments.some((name) => name === env) && (fitting.get(mesh)?.includes(scenario) ?? false),
      ),
  async (mutation) => {
    const row = await planted(mutation);
    console.log(
      `${row.caught ? 'caught' : 'MISSED'} ${row.mesh} ${row.scenario}: ${row.name}: ${row.verdict}${row.again > 0 ? `, after ${row.again} invalid` : ''}, named: ${row.named}`,
    );
    return row;
  },
);
const madeSound = await each(
  Array.from({ length: soundRuns }, () =>
    meshes.flatMap((mesh) => (fitting.get(mesh) ?? []).map((scenario) => ({ mesh, scenario }))),
  ).flat(),
  async ({ mesh, scenario }): Promise<SoundRun> => {
    const report = await reportOf(scenario, ...onMesh(mesh));
    const verdict = verdictOf(report);
    console.log(`sound ${mesh} ${scenario}: ${verdict}`);
    if (typeof report !== 'string') {
      ran.add(report.run.mesh);
      if (verdict !== 'pass') console.log(`  ${report.summary}`);
    }
    return { mesh, scenario, verdict };
  },
);

const { results: file } = values;
const before: Results =
  file !== undefined && existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { meshes: [], rows: [], sound: [] };
const isOf = (one: Row) => (other: Row) =>
  one.mesh === other.mesh && one.scenario === other.scenario && one.name === other.name;
const rows = [...before.rows.filter((row) => !made.some(isOf(row))), ...made].toSorted((a, b) =>
  `${a.scenario} ${b.mesh}`.localeCompare(`${b.scenario} ${a.mesh}`),
);
const sound = [...before.sound, ...madeSound];
for (const each of before.meshes) ran.add(each);
const allMeshes = [...ran].toSorted().toReversed();
if (file !== undefined)
  writeFileSync(file, `${JSON.stringify({ meshes: allMeshes, rows, sound }, null, 2)}\n`);

const count = (of: Pick<SoundRun, 'mesh' | 'scenario'>, verdict: string) =>
  sound.filter((run) => run.mesh === of.mesh && run.scenario === of.scenario && run.verdict === verdict)
    .length;
const total = (verdict: string) => sound.filter((run) => run.verdict === verdict).length;
const caught = rows.filter((row) => row.caught).length;
const alarms = sound.length - total('pass') - total('invalid');

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], body: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...body].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const where = env === 'local' ? '' : ` with --env ${env}`;
const page = `# Planted defects${where}

Made by \`npm run bench:mutations${env === 'local' ? '' : ` -- --env ${env}`}\`: ${env === 'local' ? 'every planted defect of every scenario' : 'planted defects of scenarios that run there'}, and each scenario on its own, sound configuration. Caught means that the run fails, that the check fails which the defect is for, and that the report names the planted setting with its line.

${new Date().toISOString().slice(0, 10)}; ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}; Node ${process.versions.node}${allMeshes.map((each) => `; ${each}`).join('')}; ${values.full ? 'whole runs' : 'the short profile'}.

**${caught} of ${rows.length} caught (${((100 * caught) / Math.max(rows.length, 1)).toFixed(0)} %).** ${sound.length} runs on sound configuration: ${total('pass')} pass, ${alarms} false ${alarms === 1 ? 'alarm' : 'alarms'}, ${total('invalid')} said of themselves that they prove nothing.

${table(
  ['mesh', 'scenario', 'planted defect', 'verdict', 'checks that failed', 'the report names'],
  rows.map(({ mesh, scenario, name, verdict, failed, named, again, caught: was }) => [
    mesh,
    scenario,
    name,
    `${was ? '' : '**not caught**: '}${verdict}${again > 0 ? `, after ${again} invalid` : ''}`,
    failed.join('; '),
    `\`${named}\``,
  ]),
)}

${table(
  ['mesh', 'scenario', 'sound runs', 'pass', 'false alarms', 'invalid'],
  [...Map.groupBy(sound, ({ mesh, scenario }) => `${scenario} ${mesh}`)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([, runs]) => {
      const [one] = runs;
      if (one === undefined) return [];
      const [pass, invalid] = [count(one, 'pass'), count(one, 'invalid')];
      return [[one.mesh, one.scenario, runs.length, pass, runs.length - pass - invalid, invalid].map(String)];
    }),
)}
`;
console.log(`\n${page}`);
if (values.write) writeFileSync(join(root, `docs/mutations${env === 'local' ? '' : `-${env}`}.md`), page);
if (alarms > 0 || caught < 0.95 * rows.length) process.exitCode = 1;

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/**
 * The folders, from the ground up, each with what others may import of it; types count. A folder imports only
 * what stands above it in this list, so there can be no circle.
 */
const folders: Readonly<Record<string, readonly RegExp[] | 'all'>> = {
  /** No domain words: processes, terminals, files, numbers as text. */
  kit: 'all',
  /** What everybody speaks of: evidence, faults, targets, topology, mesh configuration. */
  model: 'all',
  /** What a mesh's effective configuration means: tables of it, and reasons. */
  effective: [/^index\.ts$/],
  toolchain: 'all',
  runs: 'all',
  faults: [/^index\.ts$/],
  checks: [/^index\.ts$/, /^contract\.ts$/, /^facts\.ts$/],
  load: [/^(contract|planned|written)\.ts$/, /^shapes\/index\.ts$/, /^(generators|k6|k6-log|loads)\.ts$/],
  probes: [/^(planned|written|probes)\.ts$/],
  meshes: [/^contract\.ts$/, /^index\.ts$/, /^kubernetes\/documents\.ts$/, /^translate\/index\.ts$/],
  scenario: [/^schema\.ts$/, /^load\.ts$/, /^loads\.ts$/, /^named\.ts$/, /^mesh-files\.ts$/],
  plan: [/^contract\.ts$/, /^plan\.ts$/, /^configuration-context\.ts$/, /^environments\.ts$/, /^render\.ts$/],
  evidence: 'all',
  environments: [/^contract\.ts$/, /^index\.ts$/, /^local\/(addresses|system)\.ts$/, /^kind\/versions\.ts$/],
  trial: [/^(run|watch)\.ts$/],
  report: [
    /^model\.ts$/,
    /^index\.ts$/,
    /^read\.ts$/,
    /^(words|terminal|markdown-text|json|openmetrics)\.ts$/,
    /^(?:suite|tuning|runs)\/(index|model)\.ts$/,
    /^suite\/words\.ts$/,
    // What pages are made of.
    /^html\/(assets|page|presentable|sections|style|table|topology)\.ts$/,
    /^comparison\/(index|model|words)\.ts$/,
  ],
  analysis: [/^analyse\.ts$/],
  experiment: 'all',
  /** A page that shows a trial while it goes on. */
  live: [/^(contract|live)\.ts$/],
  /** The search for pool limits. */
  tuning: 'all',
  comparison: 'all',
  /** What is kept of runs: baselines, and a run held against one. */
  records: 'all',
  /** Series of records: where they changed. */
  history: 'all',
  /** What a project begins with: a scenario, a workflow, a line of .gitignore. */
  init: 'all',
  /** Labs for tests of others: what the package is imported for. */
  library: [],
  /** The steps of the GitHub Action. */
  github: [],
  commands: [/^[a-z-]+\.ts$/],
};
const order = Object.keys(folders);

interface Import {
  readonly from: string;
  readonly to: string;
}

function imports(): Import[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/\btesting\b|fixture/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8');
      return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to]) => ({
        from: file,
        to: relative(src, resolve(src, dirname(file), to ?? '')),
      }));
    });
}

/** "kit", "scenario", "commands", or the file itself for cli.ts and the like. */
const folderOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : file);

function complaint({ from, to }: Import): string | undefined {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target || to.startsWith('..') || target === 'version.ts') return undefined;
  if (!order.includes(target)) return `nothing imports ${target}: move what is shared into a folder`;
  const inside = to.slice(target.length + 1);
  if (!order.includes(source)) return undefined;
  if (source === 'kit') return 'kit/ has no domain words: move what needs them into a folder of its own';
  if (order.indexOf(target) > order.indexOf(source)) {
    return `${source}/ stands below ${target}/: put what both need into model/, or pass the value in from above`;
  }
  const open = folders[target] ?? [];
  if (open === 'all' || open.some((pattern) => pattern.test(inside))) return undefined;
  return `${source}/ may import of ${target}/ only ${open.map((p) => p.source).join(', ')}: put the type there, or pass the value in`;
}

test('folders import only what stands below them, and of that only what is open', () => {
  const wrong = imports().flatMap((one) => {
    const why = complaint(one);
    return why === undefined ? [] : [`src/${one.from} imports src/${one.to}\n  ${why}`];
  });
  expect(wrong.join('\n')).toBe('');
});

test('every folder of src/ has its place in the order', () => {
  const there = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(there.map(({ name }) => name).sort()).toEqual(order.toSorted());
});

test('what works through the Kubernetes API knows neither kind nor docker: any cluster will do', () => {
  const wrong = imports().filter(
    ({ from, to }) =>
      from.startsWith('environments/kubernetes/') &&
      (/^environments\/(?!kubernetes\/)[^/]+\//.test(to) || to === 'runs/clusters.ts'),
  );
  expect(
    wrong.map(({ from, to }) => `src/${from} imports src/${to}: pass it in with Cluster or Nodes`),
  ).toEqual([]);
});

test('no folders import each other in a circle, types included', () => {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of imports()) {
    const [source, target] = [folderOf(from), folderOf(to)];
    if (source !== target && !to.startsWith('..')) {
      edges.set(source, (edges.get(source) ?? new Set()).add(target));
    }
  }
  const circles: string[] = [];
  const walk = (folder: string, path: readonly string[]) => {
    const begin = path.indexOf(folder);
    if (begin >= 0) circles.push([...path.slice(begin), folder].join(' → '));
    else for (const next of edges.get(folder) ?? []) walk(next, [...path, folder]);
  };
  walk('cli.ts', []);
  walk('generate.ts', []);
  walk('github', []);
  expect([...new Set(circles)]).toEqual([]);
});

test('what a table loads in its lines does not import the table, which would wait for itself', () => {
  const all = imports();
  const reach = (file: string, seen: Set<string>): Set<string> => {
    if (!seen.has(file)) {
      seen.add(file);
      for (const { to } of all.filter(({ from }) => from === file)) reach(to, seen);
    }
    return seen;
  };
  const waiting = [...new Set(all.map(({ from }) => from))].flatMap((table) =>
    [...readFileSync(join(src, table), 'utf8').matchAll(/\(await import\('(\.[^']+)'\)\)/g)]
      .map(([, line]) => relative(src, resolve(src, dirname(table), line ?? '')))
      .filter((line) => reach(line, new Set()).has(table))
      .map((line) => `${line} imports ${table}`),
  );
  expect(waiting).toEqual([]);
});

/** What Envoy calls things: response flags, response code details, clusters, statistics. */
const envoyWords = [
  /\b(?:UO|UH|UF|UC|UT|URX|UPE|UAEX|UMSDR)\b|'(?:DC|NR|NC|RL|LR|LH|UR|FI|DI|SI|OM|DF|DT|DO|DR|DPE|IH)'/,
  /\b(?:via_upstream|(?:up|down)stream_\w+|rbac_access_\w+|ext_authz_\w+|direct_response|route_not_found)\b/,
  /\b(?:in|out)bound\|/,
  /\b(?:health_flags|failed_outlier_check|xds-grpc|cluster_manager|listener_manager|RESPONSE_\w+)\b/,
  /'\/(?:stats|clusters|config_dump|reopen_logs|quitquitquit)\b/,
];

/** Tests and what is made for them speak of a real mesh. */
const speaksOfEnvoy = /\.test\.ts$|\btesting\/|^report\/fixture\.ts$/;

test("only meshes/ knows Envoy's words: analysis, checks, trials and reports must fit a mesh without it", () => {
  const found = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('meshes/') && !speaksOfEnvoy.test(file))
    .flatMap((file) =>
      readFileSync(join(src, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const word = envoyWords.map((words) => words.exec(line)?.[0]).find(Boolean);
          return word === undefined ? [] : [`src/${file}:${index + 1} says ${word}`];
        }),
    );
  expect(found, 'let the mesh say it in a word of model/: telemetry, MeshSidecar, effective').toEqual([]);
});

test("a sidecar's own words go into the reason of an error, and nowhere else", () => {
  const reading = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('meshes/') && !speaksOfEnvoy.test(file))
    .filter((file) => /(?<!String)\.raw\b/.test(readFileSync(join(src, file), 'utf8')));
  expect(reading.sort()).toEqual(['analysis/reasons/attribution.ts', 'analysis/reasons/question.ts']);
});

test('only cli.ts and the supervisor end the process', () => {
  const ending = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /process\.exit\(/.test(readFileSync(join(src, file), 'utf8')));
  expect(ending.sort()).toEqual(
    ['cli.ts', 'generate.ts', 'kit/supervisor/main.ts'].filter((file) => ending.includes(file)),
  );
});

test('what is said on standard output goes through one place, where no text of others can disguise a line', () => {
  const writing = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !['generate.ts', 'kit/output.ts'].includes(file))
    .filter((file) => /stdout\.write\(|^\s*console\.log\(/m.test(readFileSync(join(src, file), 'utf8')));
  // Scripts that k6 runs.
  expect(writing.sort()).toEqual(['environments/kubernetes/first-request.ts', 'probes/script.ts']);
});

test('a command that somebody is told to run is one that they can paste', () => {
  const commands =
    /(?<!npx )\bbreakwater (?:run|plan|explain|lint|translate|lab|report|doctor|self-test|tools|compare-environments|compare|cleanup|tune|init|history)\b/;
  const wrong = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\btesting\/|^report\/fixture\.ts$/.test(file))
    .flatMap((file) =>
      readFileSync(join(src, file), 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          commands.test(line) && !/^\s*(?:\/?\*|\/\/)/.test(line) ? [`src/${file}:${index + 1}`] : [],
        ),
    );
  expect(wrong).toEqual([]);
});

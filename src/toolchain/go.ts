import { copyFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { runProgram } from '../kit/run-program.ts';
import type { ToolContext } from './context.ts';
import type { Made } from './ensure.ts';
import { findGo, type GoToolchain } from './go-environment.ts';
import { explainGoFailure } from './go-failure.ts';
import { type Staging, sha256OfFile } from './store.ts';
import type { GoModule, Tool } from './tools.ts';

/** Builds every program of a pinned Go module and copies its data files. */
export async function buildGoModule(
  tool: Tool,
  source: GoModule,
  staging: Staging,
  context: ToolContext,
): Promise<Made> {
  const toolchain = await findGo(tool, context);
  const flags = [
    '-trimpath',
    '-mod=readonly',
    '-buildvcs=false',
    `-tags=${source.tags.join(',')}`,
    '-ldflags',
    source.ldflags,
  ];
  const go = goRunner(tool, toolchain, context, staging.scratch);
  const packages = Object.values(source.packages);

  const stale = await stalePackages(tool, context, go, [...flags, ...packages]);
  await compile(tool, context, go, stale, [...flags, '-o', `${staging.files}/`, ...packages]);
  for (const [program, path] of Object.entries(source.packages)) {
    await rename(join(staging.files, basename(path)), join(staging.files, program));
  }
  const module = (await go(['list', '-m', '-f', '{{.Dir}}', source.module])).trim();
  for (const [name, { path, sha256 }] of Object.entries(source.data)) {
    await requireHash(join(module, path), sha256);
    await copyFile(join(module, path), join(staging.files, name));
  }
  return { source: 'build', madeBy: `${toolchain.version} go build ${flags.join(' ')}` };
}

/**
 * One data file straight out of the Go module, checked against its pin: for those who bring programs
 * of their own, so that nothing has to be built.
 */
export async function moduleDataFile(
  tool: Tool,
  source: GoModule,
  name: string,
  context: ToolContext,
): Promise<string> {
  const file = source.data[name];
  if (file === undefined) throw new Error(`${tool.name} has no data file ${name}`);
  const go = goRunner(tool, await findGo(tool, context), context);
  await go(['mod', 'download', source.module]);
  const path = join((await go(['list', '-m', '-f', '{{.Dir}}', source.module])).trim(), file.path);
  await requireHash(path, file.sha256);
  return path;
}

type RunGo = (args: readonly string[], onStderrLine?: (line: string) => void) => Promise<string>;

/** `go ARGS` in the folder with the pins; resolves with its output. */
function goRunner(tool: Tool, toolchain: GoToolchain, context: ToolContext, scratch?: string): RunGo {
  // What a killed compiler leaves behind goes away with the scratch folder.
  const env = scratch === undefined ? toolchain.env : { ...toolchain.env, GOTMPDIR: scratch };
  return async (args, onStderrLine = () => {}) => {
    const result = await runProgram({
      program: toolchain.go,
      args,
      cwd: tool.directory,
      env,
      group: 'tied',
      signal: context.signal,
      onStderrLine,
    });
    if (result.ended !== 'ok') throw explainGoFailure(tool, args, result);
    return result.stdout;
  };
}

/** The packages that the build cache does not have yet. Downloads the modules that are missing. */
async function stalePackages(
  tool: Tool,
  context: ToolContext,
  go: RunGo,
  args: readonly string[],
): Promise<Set<string>> {
  let modules = 0;
  using tick = ticker((elapsedMs) =>
    context.onProgress({
      tool: tool.name,
      phase: 'modules',
      modules,
      expectation: tool.expectation,
      elapsedMs,
    }),
  );
  const format = '{{.ImportPath}}\t{{.Stale}}\t{{.StaleReason}}';
  const output = await go(['list', '-deps', '-f', format, ...args], (line) => {
    if (!line.startsWith('go: downloading ')) return;
    modules += 1;
    tick.now();
  });
  const rows = output
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  return new Set(
    rows
      .filter(([, stale, reason]) => stale === 'true' && !reason?.includes('available in build cache'))
      .map(([path]) => path ?? ''),
  );
}

async function compile(
  tool: Tool,
  context: ToolContext,
  go: RunGo,
  stale: ReadonlySet<string>,
  args: readonly string[],
): Promise<void> {
  const compiled = new Set<string>();
  using tick = ticker((elapsedMs) =>
    context.onProgress({
      tool: tool.name,
      phase: 'build',
      compiled: compiled.size,
      total: stale.size,
      expectation: tool.expectation,
      elapsedMs,
    }),
  );
  tick.now();
  await go(['build', '-v', ...args], (line) => {
    if (!stale.has(line)) return;
    compiled.add(line);
    tick.now();
  });
}

/** Reports at least every second, so that elapsed time moves while nothing else does. */
function ticker(report: (elapsedMs: number) => void): Disposable & { now(): void } {
  const startedAt = performance.now();
  const now = () => report(performance.now() - startedAt);
  const timer = setInterval(now, 1_000);
  return { now, [Symbol.dispose]: () => clearInterval(timer) };
}

async function requireHash(path: string, expected: string): Promise<void> {
  const actual = await sha256OfFile(path);
  if (actual === expected) return;
  throw environmentError(
    `${path} has the hash ${actual} instead of ${expected}`,
    'Somebody changed the Go module cache; `go clean -modcache` empties it.',
  );
}

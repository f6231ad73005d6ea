import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { environmentError } from '../kit/errors.ts';
import { findOnPath } from '../kit/executable.ts';
import { runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import type { ToolContext } from './context.ts';
import type { Tool } from './tools.ts';

export interface GoToolchain {
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  /** `go1.26.8` */
  readonly version: string;
}

const GOARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** The Go on the PATH, new enough for the tool, with an environment that leads to the same build anywhere. */
export async function findGo(tool: Tool, context: ToolContext): Promise<GoToolchain> {
  const minimum = await requiredGo(tool);
  const go = findOnPath(['go'], context.env);
  if (go === undefined) {
    throw environmentError(
      `Go is needed to build ${tool.name} ${tool.version}, and it is not on the PATH`,
      installHint(tool, minimum),
    );
  }
  const base: NodeJS.ProcessEnv = {
    ...context.env,
    CGO_ENABLED: '0',
    GO111MODULE: 'on',
    GOWORK: 'off',
    GOOS: process.platform,
    GOARCH: GOARCH[process.arch] ?? process.arch,
    // An older Go is an error to be seen, not a toolchain downloaded behind the operator's back.
    GOTOOLCHAIN: context.env['GOTOOLCHAIN'] || 'local',
    ...withoutTelemetry(context.env),
  };
  const query = ['env', '-json', 'GOVERSION', 'GOMODCACHE', 'GOPROXY', 'GOFLAGS'];
  // Away from any go.mod, which could make Go switch to another version of itself.
  const answer = await runProgram({
    program: go,
    args: query,
    cwd: '/',
    env: base,
    group: 'tied',
    signal: context.signal,
  });
  if (answer.ended !== 'ok')
    throw environmentError(
      `\`${go} ${query.join(' ')}\` failed:\n${lastLines(answer.stderr)}`,
      installHint(tool, minimum),
    );
  const { GOVERSION, GOMODCACHE, GOPROXY, GOFLAGS } = GoEnv.parse(JSON.parse(answer.stdout));
  if (base['GOTOOLCHAIN'] === 'local' && isOlder(GOVERSION, minimum)) {
    throw environmentError(
      `${go} is ${GOVERSION}; ${tool.name} ${tool.version} needs Go ${minimum} or newer`,
      installHint(tool, minimum),
    );
  }
  const env = {
    ...base,
    ...placesOf(context),
    GOPROXY: proxies(GOPROXY, GOMODCACHE),
    // Whoever removes the cache need not make its folders writable before.
    GOFLAGS: `${GOFLAGS} -modcacherw`.trim(),
  };
  return { go, env, version: GOVERSION };
}

/**
 * Go counts what it does in the folder of the user's settings, and nothing but that folder says where. It is a place
 * here where none can be made; what the user has set in it for Go and Git counts as before.
 */
function withoutTelemetry(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (process.platform !== 'linux') return {};
  const settings = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'));
  if (!settings) return {};
  const git = join(settings, 'git/config');
  const isUsed = !env['GIT_CONFIG_GLOBAL'] && existsSync(git);
  return {
    XDG_CONFIG_HOME: '/dev/null',
    GOENV: env['GOENV'] || join(settings, 'go/env'),
    ...(isUsed && { GIT_CONFIG_GLOBAL: git }),
  };
}

const GoEnv = z.object({
  GOVERSION: z.string(),
  GOMODCACHE: z.string(),
  GOPROXY: z.string(),
  GOFLAGS: z.string(),
});

async function requiredGo(tool: Tool): Promise<string> {
  const text = await readFile(join(tool.directory, 'go.mod'), 'utf8');
  return /^go (\S+)$/m.exec(text)?.[1] ?? '1.25.0';
}

function isOlder(version: string, minimum: string): boolean {
  const [have, need] = [version.replace(/^go/, ''), minimum].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [index, wanted] of (need ?? []).entries()) {
    const found = have?.[index] ?? 0;
    if (found !== wanted) return found < wanted;
  }
  return false;
}

/** Where a compiler keeps what it needs again; the operator's own choice counts. */
function placesOf({ env, cacheDir }: ToolContext): Record<'GOCACHE' | 'GOMODCACHE' | 'GOPATH', string> {
  const own = goDirectory({ cacheDir });
  return {
    GOCACHE: env['GOCACHE'] || join(own, 'build'),
    GOMODCACHE: env['GOMODCACHE'] || join(own, 'modules'),
    GOPATH: env['GOPATH'] || join(own, 'path'),
  };
}

/** Everything that Go leaves, below the cache. */
export function goDirectory({ cacheDir }: Pick<ToolContext, 'cacheDir'>): string {
  return join(cacheDir, 'go');
}

/** Modules that the operator has already need not be downloaded: https://go.dev/ref/mod#module-cache */
function proxies(configured: string, modules: string): string {
  const downloads = join(modules, 'cache/download');
  return existsSync(downloads) ? `${pathToFileURL(downloads)},${configured}` : configured;
}

/** The other ways to a program, for every error on the way to building it. */
function installHint(tool: Tool, minimum: string): string {
  const variables = tool.programs.map((program) => `${program.variable}=/path/to/${program.name}`).join(' ');
  return [
    `Install Go ${minimum} or newer (https://go.dev/dl) and put it on the PATH,`,
    `or set ${variables} to ${tool.version} of your own,`,
    'or set BREAKWATER_TOOLS_MIRROR to a mirror made with `npx breakwater tools pack`.',
  ].join(' ');
}

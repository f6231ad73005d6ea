import { join } from 'node:path';
import envPaths from 'env-paths';
import { type Lanes, openLanes } from './lanes.ts';
import { knownTools, type OfMesh, toolsOf } from './mesh-tools.ts';
import type { ToolProgress } from './progress.ts';
import type { Unreachable } from './sources.ts';
import type { Tool } from './tools.ts';

export interface ResolveOptions {
  /** Where programs are kept; otherwise BREAKWATER_CACHE, otherwise the user's cache directory. */
  readonly cacheDir?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ToolProgress) => void) | undefined;
  /** Whose programs; Istio's, in the version that Breakwater is made for, unless given. */
  readonly mesh?: OfMesh | undefined;
  /** The tools to choose from; only tests bring their own. */
  readonly tools?: readonly Tool[] | undefined;
  /** The digests of images that come with Breakwater; only tests bring their own. */
  readonly imagePins?: string | undefined;
  /** Where registries have certificate authorities of their own, a folder each; only tests bring their own. */
  readonly certificateFolders?: readonly string[] | undefined;
}

/** {@link ResolveOptions} with every default filled in. */
export interface ToolContext {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ToolProgress) => void;
  readonly tools: readonly Tool[];
  /** Those of every version that comes with pins: none of them is an old one. */
  readonly known: readonly Tool[];
  readonly imagePins?: string | undefined;
  readonly certificateFolders?: readonly string[] | undefined;
  readonly lanes: Lanes;
  /** Archives that this process has downloaded and not removed: another tool may need them. */
  readonly archives: Set<string>;
  /** Registries that have not answered, with what they were asked in vain: they are not asked for the next tool. */
  readonly silent: Map<string, Unreachable>;
}

export function toolContext(options: ResolveOptions = {}): ToolContext {
  const env = options.env ?? process.env;
  return {
    cacheDir: options.cacheDir ?? (env['BREAKWATER_CACHE'] || envPaths('breakwater', { suffix: '' }).cache),
    env,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    tools: options.tools ?? toolsOf(options.mesh ?? { name: 'istio' }, env),
    known: options.tools ?? knownTools(),
    imagePins: options.imagePins,
    certificateFolders: options.certificateFolders,
    lanes: openLanes(),
    archives: new Set(),
    silent: new Map(),
  };
}

/** Everything below the cache that belongs to programs. */
export function toolsDirectory(context: Pick<ToolContext, 'cacheDir'>): string {
  return join(context.cacheDir, 'tools');
}

/** This machine, as folder names and mirrors spell it: `linux-x64`. */
export const PLATFORM = `${process.platform}-${process.arch}`;

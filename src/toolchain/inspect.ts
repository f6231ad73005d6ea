import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../kit/errors.ts';
import { type ResolveOptions, type ToolContext, toolContext } from './context.ts';
import { explicitProgram } from './explicit.ts';
import { storedPlace } from './store.ts';
import type { Tool, ToolProgram } from './tools.ts';

/** How one program would be found right now. */
export interface ToolStatus {
  readonly program: string;
  readonly version: string;
  readonly state: 'ready' | 'missing' | 'damaged' | 'unusable';
  /** Where it came from; null while it is missing. */
  readonly source: 'explicit' | 'image' | 'release' | 'download' | 'build' | null;
  /** That in full: the variable, the image with its digest, the mirror, the wheel, the compiler and its flags. */
  readonly madeBy: string | null;
  readonly path: string | null;
  readonly bytes: number | null;
  /** Why it is damaged or unusable. */
  readonly reason?: string;
}

/** Looks at every program without fetching any, and hashes what is in the cache. */
export async function inspectTools(options: ResolveOptions = {}): Promise<ToolStatus[]> {
  const context = toolContext(options);
  const statuses: ToolStatus[] = [];
  for (const tool of context.tools) {
    const { directory, stored } = await storedPlace(tool, context, { verify: true });
    for (const program of tool.programs) {
      // It is a tool of its own as well.
      if (tool.besides?.includes(program.name)) continue;
      const path = join(directory, program.name);
      const base = { program: program.name, version: tool.version };
      if (context.env[program.variable]) {
        statuses.push({ ...base, ...(await inspectExplicit(tool, program, context)) });
      } else if (stored.state === 'ready') {
        const { source, madeBy, files, versions } = stored.complete;
        const version = versions?.[program.name] ?? tool.version;
        const bytes = files[program.name]?.bytes ?? null;
        // Of several images it is in one.
        const place = tool.images.findIndex((image) => program.name in image.files);
        const own = source === 'image' ? (madeBy.split(', ')[place] ?? madeBy) : madeBy;
        statuses.push({ ...base, version, state: 'ready', source, madeBy: own, path, bytes });
      } else if (stored.state === 'damaged') {
        statuses.push({
          ...base,
          state: 'damaged',
          source: null,
          madeBy: null,
          path,
          bytes: null,
          reason: stored.reason,
        });
      } else {
        statuses.push({ ...base, state: 'missing', source: null, madeBy: null, path: null, bytes: null });
      }
    }
  }
  return statuses;
}

async function inspectExplicit(
  tool: Tool,
  program: ToolProgram,
  context: ToolContext,
): Promise<Omit<ToolStatus, 'program' | 'version'> & { readonly version?: string }> {
  const madeBy = program.variable;
  try {
    const { path, version } = (await explicitProgram(tool, program, context)) ?? { path: '', version: '' };
    return { state: 'ready', version, source: 'explicit', madeBy, path, bytes: (await stat(path)).size };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const path = context.env[program.variable] ?? '';
    return { state: 'unusable', source: 'explicit', madeBy, path, bytes: null, reason: error.message };
  }
}

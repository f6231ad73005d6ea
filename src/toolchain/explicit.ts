import { resolve } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { isExecutableFile } from '../kit/executable.ts';
import type { ToolContext } from './context.ts';
import type { Tool, ToolProgram } from './tools.ts';
import { requireVersion } from './version.ts';

/** The path an operator gave for a program, once it proved to be the right one; undefined without. */
export async function explicitProgram(
  tool: Tool,
  program: ToolProgram,
  context: ToolContext,
): Promise<string | undefined> {
  const value = context.env[program.variable];
  if (!value) return undefined;
  const path = resolve(value);
  const hint = `Point ${program.variable} to ${program.name} ${tool.version}, or unset it and Breakwater gets its own.`;
  if (!isExecutableFile(path)) {
    throw environmentError(`${program.variable}=${value} is not an executable file`, hint);
  }
  await requireVersion(program, path, tool.version, context, hint);
  return path;
}

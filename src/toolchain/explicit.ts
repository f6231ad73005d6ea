import { resolve } from 'node:path';
import { environmentError } from '../kit/errors.ts';
import { isExecutableFile } from '../kit/executable.ts';
import type { ToolContext } from './context.ts';
import type { Tool, ToolProgram } from './tools.ts';
import { exactly, requireVersion } from './version.ts';

/** A program that an operator gave, once it proved to be the right one, with the version that it says; undefined without. */
export async function explicitProgram(
  tool: Tool,
  program: ToolProgram,
  context: ToolContext,
): Promise<{ readonly path: string; readonly version: string } | undefined> {
  const value = context.env[program.variable];
  if (!value) return undefined;
  const path = resolve(value);
  const hint = `Point ${program.variable} to ${program.name} ${tool.version}, or unset it and Breakwater gets its own.`;
  if (!isExecutableFile(path)) {
    throw environmentError(`${program.variable}=${value} is not an executable file`, hint);
  }
  // That of an official image may be a build of somebody else, with a number of its own.
  const pattern = tool.images.find(({ files }) => program.name in files)?.versions?.[program.name];
  const wanted =
    pattern === undefined ? tool.version : new RegExp(`${exactly(tool.version).source}|${pattern.source}`);
  const version = await requireVersion(program, path, wanted, context, hint);
  return { path, version };
}

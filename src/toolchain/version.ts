import { environmentError } from '../kit/errors.ts';
import { lastLines, runCommand } from './command.ts';
import type { ToolContext } from './context.ts';
import type { ToolProgram } from './tools.ts';

const TIME_LIMIT_MS = 30_000;

/** Throws unless the program at `path` runs here and says that it is `version`. */
export async function requireVersion(
  program: ToolProgram,
  path: string,
  version: string,
  context: Pick<ToolContext, 'env' | 'signal'>,
  hint: string,
): Promise<void> {
  const timeout = AbortSignal.timeout(TIME_LIMIT_MS);
  const command = [path, ...program.versionArgs].join(' ');
  let output: string;
  try {
    const signal = AbortSignal.any([context.signal, timeout]);
    const result = await runCommand(path, program.versionArgs, { env: context.env, signal });
    output = result.stdout + result.stderr;
    if (result.code !== 0) {
      throw environmentError(`\`${command}\` failed with code ${result.code}:\n${lastLines(output)}`, hint);
    }
  } catch (error) {
    if (!timeout.aborted || context.signal.aborted) throw error;
    throw environmentError(`\`${command}\` did not answer within ${TIME_LIMIT_MS / 1000} s`, hint);
  }
  if (!mentionsVersion(output, version)) {
    throw environmentError(
      `${path} is not ${program.name} ${version}; \`${command}\` says:\n${lastLines(output, 3)}`,
      hint,
    );
  }
}

/** Whether `output` names exactly this version: not 1.29.10 nor 1.29.1-rc.0 where 1.29.1 is wanted. */
export function mentionsVersion(output: string, version: string): boolean {
  return new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?!\\.?\\d|-(?:alpha|beta|rc|dev))`).test(
    output,
  );
}

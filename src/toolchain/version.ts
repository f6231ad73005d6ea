import { environmentError } from '../kit/errors.ts';
import { howItEnded, runProgram } from '../kit/run-program.ts';
import { lastLines } from '../kit/tail.ts';
import type { ToolContext } from './context.ts';
import type { ToolProgram } from './tools.ts';

const TIME_LIMIT_MS = 30_000;
/** The longest answer that says a version is a page. */
const MOST_CHARACTERS = 1024 * 1024;

/**
 * Throws unless the program at `path` runs here and says that it is `version`, or something that this finds; answers
 * with what it found.
 */
export async function requireVersion(
  program: ToolProgram,
  path: string,
  version: string | RegExp,
  context: Pick<ToolContext, 'env' | 'signal'>,
  hint: string,
): Promise<string> {
  const command = [path, ...program.versionArgs].join(' ');
  const result = await runProgram({
    program: path,
    args: program.versionArgs,
    env: context.env,
    group: 'tied',
    timeoutMs: TIME_LIMIT_MS,
    mostCharacters: MOST_CHARACTERS,
    signal: context.signal,
  });
  const output = result.stdout + result.stderr;
  if (result.ended === 'timeout') {
    throw environmentError(`\`${command}\` did not answer within ${TIME_LIMIT_MS / 1000} s`, hint);
  }
  if (result.ended === 'failed') {
    throw environmentError(`\`${command}\` failed with code ${result.exitCode}:\n${lastLines(output)}`, hint);
  }
  if (result.ended !== 'ok') throw environmentError(`\`${command}\` ${howItEnded(result)}`, hint);
  const said = typeof version === 'string' ? saidVersion(output, version) : version.exec(output)?.[0];
  if (said === undefined) {
    const wanted = typeof version === 'string' ? version : `of this version (${version.source})`;
    throw environmentError(
      `${path} is not ${program.name} ${wanted}; \`${command}\` says:\n${lastLines(output, 3)}`,
      hint,
    );
  }
  return said;
}

const saidVersion = (output: string, version: string) =>
  mentionsVersion(output, version) ? version : undefined;

/** Finds exactly this version: not 1.29.10 nor 1.29.1-rc.0 where 1.29.1 is wanted. */
export const exactly = (version: string) =>
  new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?!\\.?\\d|-(?:alpha|beta|rc|dev))`);

/** Whether `output` names exactly this version. */
export function mentionsVersion(output: string, version: string): boolean {
  return exactly(version).test(output);
}

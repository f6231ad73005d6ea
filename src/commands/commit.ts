import { runProgram } from '../kit/run-program.ts';

/** The commit that the project is at, as far as CI or Git says it. */
export async function currentCommit(): Promise<string | undefined> {
  const { GITHUB_SHA, CI_COMMIT_SHA, GIT_COMMIT } = process.env;
  const told = GITHUB_SHA || CI_COMMIT_SHA || GIT_COMMIT;
  if (told) return told;
  const { ended, stdout } = await runProgram({
    program: 'git',
    args: ['rev-parse', 'HEAD'],
    group: 'shared',
  });
  const commit = stdout.trim();
  return ended === 'ok' && /^[\da-f]{40,64}$/.test(commit) ? commit : undefined;
}

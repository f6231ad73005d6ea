import { spawnSync } from 'node:child_process';
import { InputError } from './inputs.ts';
import { fields } from './pull-request.ts';
import { type Job, needed } from './step.ts';

/**
 * The commit that what the workflow has checked out is compared with, and takes its place: of a pull request that of its
 * target that GitHub has merged it with, of a push the one before. Fetched where the clone, which has one commit unless
 * somebody asks for more, lacks it. Throws an InputError where the event has none.
 */
export function baseCommit(job: Job, directory: string): string {
  const git = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('git', args, { cwd: directory, encoding: 'utf8' });
    return status === 0 ? { text: stdout } : { why: stderr?.trim() || 'git cannot be run' };
  };
  const commit =
    mergedWith(job, git('cat-file', 'commit', 'HEAD').text, git('rev-parse', 'HEAD').text) ?? told(job);
  if (git('cat-file', '-e', `${commit}^{commit}`).text !== undefined) return commit;
  const { why } = git('fetch', '--quiet', '--no-tags', '--depth=1', 'origin', commit);
  if (why === undefined) return commit;
  throw new InputError(`compare: base: ${commit} cannot be fetched: ${why}`);
}

/** GitHub checks out a merge of the pull request with its target, as that is by then: the first parent is that. */
function mergedWith({ env }: Job, commit = '', head = ''): string | undefined {
  if (env['GITHUB_EVENT_NAME'] !== 'pull_request' || head.trim() !== env['GITHUB_SHA']) return undefined;
  const parents = [...commit.matchAll(/^parent ([\da-f]{40,64})$/gm)].map(([, parent]) => parent);
  return parents.length === 2 ? parents[0] : undefined;
}

/** The commit that the event names. */
function told({ env, readText }: Job): string {
  const event = fields(JSON.parse(readText(needed(env, 'GITHUB_EVENT_PATH')) ?? '{}'));
  const named = [
    fields(fields(event['pull_request'])['base'])['sha'],
    fields(event['merge_group'])['base_sha'],
    event['before'],
  ].find((sha) => typeof sha === 'string' && /^[\da-f]{40,64}$/.test(sha) && !/^0+$/.test(sha));
  if (typeof named === 'string') return named;
  throw new InputError(
    `compare: base: an event of ${env['GITHUB_EVENT_NAME'] || 'this kind'} has no commit to compare with; pull_request, merge_group and a push to a branch that is there have one`,
  );
}

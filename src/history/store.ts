import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { environmentError, usageError } from '../kit/errors.ts';
import { makeFolder } from '../kit/folder.ts';
import { writeOutput } from '../kit/output-file.ts';
import { howItEnded, runProgram } from '../kit/run-program.ts';
import { reasonOf } from '../kit/system-error.ts';
import { type RunRecord, recordSchema } from '../records/model.ts';
import { printFields } from '../report/json.ts';

/** Where a series of records is: files of a folder, or of a branch that nobody has to check out. */
export type Place =
  | { readonly folder: string }
  | {
      readonly branch: string;
      /** Where its repository is. */
      readonly within: string;
    };

const fileName = ({ at, run }: RunRecord) =>
  `${at.replaceAll(/[-:]|\.\d+/g, '')}-${run.replaceAll(/[^\w-]/g, '_')}.json`;

/** Every record of a place, oldest first; none where the place is not there yet. Throws a usage error for a file that is none. */
export async function readRecords(place: Place): Promise<readonly RunRecord[]> {
  const texts = 'folder' in place ? await inFolder(place.folder) : await onBranch(place);
  return texts
    .map(({ name, text }) => parsed(name, text))
    .sort((a, b) => a.at.localeCompare(b.at) || a.run.localeCompare(b.run));
}

/** Puts records into a place, each once; what is there of the same run is replaced. */
export async function addRecords(place: Place, records: readonly RunRecord[]): Promise<void> {
  const files = records.map((record) => ({ name: fileName(record), text: printFields(record) }));
  if ('branch' in place) return commitFiles(place, files);
  await makeFolder(place.folder);
  for (const { name, text } of files) await writeOutput(join(place.folder, name), text);
}

type Branch = Extract<Place, { readonly branch: string }>;

interface NamedText {
  readonly name: string;
  readonly text: string;
}

function parsed(name: string, text: string): RunRecord {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw usageError(
      `${name} is no JSON`,
      'a history has records of runs alone: npx breakwater history --add RUN',
    );
  }
  const result = recordSchema.safeParse(data);
  if (result.success) return result.data;
  throw usageError(
    `${name} is no record of a run:\n${z.prettifyError(result.error)}`,
    'a history has records of runs alone: npx breakwater history --add RUN',
  );
}

async function inFolder(folder: string): Promise<readonly NamedText[]> {
  const about = await stat(folder).catch(() => undefined);
  if (about === undefined) return [];
  if (!about.isDirectory()) throw usageError(`${folder} is no folder`);
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    return await Promise.all(
      names.map(async (name) => ({
        name: join(folder, name),
        text: await readFile(join(folder, name), 'utf8'),
      })),
    );
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw environmentError(`${folder} cannot be read: ${reasonOf(code || message)}`);
  }
}

/** The files of a branch: of this repository, or else as it was last fetched from origin. */
async function onBranch({ branch, within }: Branch): Promise<readonly NamedText[]> {
  const git = gitIn(within);
  const commit = await commitOf(branch, git);
  if (commit === undefined) return [];
  const names = (await git(['ls-tree', '-r', '--name-only', '-z', commit]))
    .split('\0')
    .filter((name) => name.endsWith('.json'));
  const texts: NamedText[] = [];
  for (const name of names) {
    texts.push({ name: `${branch}:${name}`, text: await git(['cat-file', 'blob', `${commit}:${name}`]) });
  }
  return texts;
}

async function commitOf(branch: string, git: Git): Promise<string | undefined> {
  if (!/^[\w./-]+$/.test(branch) || branch.startsWith('-'))
    throw usageError(`${branch} is no name of a branch`);
  for (const ref of [`refs/heads/${branch}`, `refs/remotes/origin/${branch}`]) {
    const commit = (
      await git(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { mayFail: true })
    ).trim();
    if (commit !== '') return commit;
  }
  return undefined;
}

/** Commits files on top of a branch without touching what is checked out, nor its index. */
async function commitFiles({ branch, within }: Branch, files: readonly NamedText[]): Promise<void> {
  const git = gitIn(within);
  const parent = await commitOf(branch, git);
  const before = parent === undefined ? '' : await git(['ls-tree', '-z', parent]);
  const lines = new Map(
    before
      .split('\0')
      .filter(Boolean)
      .map((line) => [line.slice(line.indexOf('\t') + 1), line]),
  );
  for (const { name, text } of files) {
    const blob = (await git(['hash-object', '-w', '--stdin'], { input: text })).trim();
    lines.set(name, `100644 blob ${blob}\t${name}`);
  }
  const tree = (
    await git(['mktree', '-z'], { input: [...lines.values()].map((line) => `${line}\0`).join('') })
  ).trim();
  const message = files.length === 1 ? `Run ${files[0]?.name}` : `${files.length} runs`;
  const commit = (
    await git(['commit-tree', tree, ...(parent === undefined ? [] : ['-p', parent]), '-m', message], {
      env: identity,
    })
  ).trim();
  const head = `refs/heads/${branch}`;
  const own = (await git(['rev-parse', '--verify', '--quiet', head], { mayFail: true })).trim();
  // Refused where another command was faster.
  await git(['update-ref', head, commit, own === '' ? '0'.repeat(commit.length) : own]);
}

/** Who commits where Git knows nobody, as on a runner. */
const identity = {
  GIT_AUTHOR_NAME: process.env['GIT_AUTHOR_NAME'] || 'Breakwater',
  GIT_AUTHOR_EMAIL: process.env['GIT_AUTHOR_EMAIL'] || 'breakwater@localhost',
  GIT_COMMITTER_NAME: process.env['GIT_COMMITTER_NAME'] || 'Breakwater',
  GIT_COMMITTER_EMAIL: process.env['GIT_COMMITTER_EMAIL'] || 'breakwater@localhost',
};

type Git = ReturnType<typeof gitIn>;

/** Git in a folder: what it prints, or an environment error. */
const gitIn =
  (cwd: string) =>
  async (
    args: readonly string[],
    more: { readonly input?: string; readonly mayFail?: boolean; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> => {
    const { input, mayFail = false, env } = more;
    const result = await runProgram({
      program: 'git',
      args,
      cwd,
      group: 'shared',
      ...(input === undefined ? {} : { input }),
      ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    });
    if (result.ended === 'ok' || (mayFail && result.ended === 'failed' && result.exitCode === 1)) {
      return result.stdout;
    }
    throw environmentError(
      `git ${args[0]} ${howItEnded(result)}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
      '--branch takes a branch of the repository that you are in',
    );
  };

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { annotationsOfProblems, type LintProblem, type Places, shownAnnotations } from './annotations.ts';
import { baseCommit } from './base-commit.ts';
import { argumentsOf, artifactName, type Inputs, readInputs } from './inputs.ts';
import { reportsIn } from './reports.ts';
import { type Done, type Job, needed } from './step.ts';
import { type Annotation, annotationCommand } from './workflow-commands.ts';

/** Of what a command said on standard error, this much may say why it has no report. */
const keptLines = 40;
/** GitHub refuses a larger summary of a step. */
const longestSummary = 1024 * 1024 - 64 * 1024;

/** What Breakwater's exit codes mean for a job. */
const verdicts: Readonly<Record<number, string>> = {
  0: 'pass',
  1: 'fail',
  2: 'mistake',
  3: 'invalid',
  4: 'error',
  130: 'interrupted',
};

/**
 * `run`: runs or compares, again where it proved nothing, and then writes the summary of the job, annotates lines, and
 * says in outputs what is to be uploaded and what the job is to end with. It ends well itself, so that the steps that
 * upload and comment have their turn.
 */
export async function run(job: Job): Promise<Done> {
  const { env } = job;
  const inputs = readInputs(env);
  if (env['GITHUB_EVENT_NAME'] === 'pull_request_target') {
    say({
      level: 'warning',
      title: 'pull_request_target',
      message:
        'Mesh configuration can be code, and what a fork has written would run with the rights of this repository: run on pull_request.',
    });
  }
  const program = join(needed(env, 'BREAKWATER_HOME'), 'bin', 'breakwater.js');
  const directory = resolve(needed(env, 'GITHUB_WORKSPACE'), env['INPUT_WORKING_DIRECTORY'] || '.');
  const places = { directory, workspace: needed(env, 'GITHUB_WORKSPACE') };
  const command = { program, directory, env };
  const base = inputs.comparesBase ? baseCommit(job, directory) : undefined;
  for (let again = inputs.again; ; again--) {
    const reports = mkdtempSync(join(env['RUNNER_TEMP'] || tmpdir(), 'breakwater-'));
    const ended = await breakwater(argumentsOf(inputs, reports, base), command);
    if (ended.code === 3 && again > 0) {
      say(notice('A run that proves nothing is made again.', `${again} more at most.`));
      continue;
    }
    const found = reportsIn(reports, job);
    const annotations =
      found.annotations(places) ?? (await annotationsOfMistakes(inputs, ended, command, places));
    if (env['GITHUB_STEP_SUMMARY']) {
      appendFileSync(
        env['GITHUB_STEP_SUMMARY'],
        (found.summary ?? summaryOfError(ended)).slice(0, longestSummary),
      );
    }
    const passes = ended.code === 0 || (ended.code === 3 && !inputs.invalidFails);
    return {
      say: shownAnnotations(annotations).map(annotationCommand).join(''),
      outputs: {
        verdict: verdicts[ended.code] ?? 'error',
        'exit-code': String(ended.code),
        'job-exit-code': passes ? '0' : String(ended.code),
        reports,
        artifact: env['INPUT_ARTIFACT'] || artifactName(inputs, env['GITHUB_JOB'] ?? 'job'),
        upload: [reports, ...(inputs.evidence ? [] : [`!${join(reports, '**', 'evidence', '**')}`])].join(
          '\n',
        ),
      },
    };
  }
}

const say = (annotation: Annotation) => process.stderr.write(annotationCommand(annotation));
const notice = (title: string, message: string): Annotation => ({ level: 'notice', title, message });

interface Command {
  readonly program: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Ended {
  readonly code: number;
  /** What it said last on standard error. */
  readonly last: string;
}

/** Runs Breakwater, whose own text cannot be taken for a command of the runner, and shows what it says. */
async function breakwater(args: readonly string[], { program, directory, env }: Command): Promise<Ended> {
  const child = spawn(process.execPath, ['--no-warnings', program, ...args], {
    cwd: directory,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass);
  process.on('SIGTERM', pass);
  let last = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    last = (last + text).split('\n').slice(-keptLines).join('\n');
  });
  const [code] = await once(child, 'close');
  process.off('SIGINT', pass);
  process.off('SIGTERM', pass);
  return { code: typeof code === 'number' ? code : 130, last };
}

/** What is written wrongly, where lint finds it; otherwise what the command said last. */
async function annotationsOfMistakes(
  { scenarios, config, compare }: Inputs,
  { code, last }: Ended,
  command: Command,
  places: Places,
): Promise<readonly Annotation[]> {
  const problems = code === 2 ? await lint([...scenarios, ...config, ...compare], command) : [];
  if (problems.length > 0) return annotationsOfProblems(problems, places);
  const title = code === 2 ? 'A mistake' : 'No report';
  return [{ level: 'error', title, message: lastWords(last) }];
}

/** The problems that lint finds; none where it finds none, or does not answer. */
async function lint(
  files: readonly string[],
  { program, directory, env }: Command,
): Promise<readonly LintProblem[]> {
  const child = spawn(process.execPath, ['--no-warnings', program, 'lint', '--json', ...files], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(child, 'close');
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null && 'problems' in said && Array.isArray(said.problems)
      ? (said.problems as readonly LintProblem[])
      : [];
  } catch {
    return [];
  }
}

/** From the error on, without the progress before it. */
function lastWords(last: string): string {
  const from = last.lastIndexOf('\nerror: ');
  return (from < 0 ? last : last.slice(from)).trim() || 'The command said nothing.';
}

function summaryOfError({ code, last }: Ended): string {
  const words = lastWords(last);
  const longest = Math.max(2, ...[...words.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `## ⚠️ Breakwater has no report (exit code ${code})\n\n${fence}text\n${words}\n${fence}\n`;
}

import { ask, failure, type GitHub } from './api.ts';
import { keepComment } from './comment.ts';
import { fields, originOf, type PullRequest, pullRequestOf } from './pull-request.ts';
import { reportsIn } from './reports.ts';
import { type Done, type Job, needed } from './step.ts';
import { type Annotation, annotationCommand } from './workflow-commands.ts';

/**
 * `comment`: keeps the comment on the pull request up to date. Where there is none to comment on, or the token may not,
 * it says so and what helps; the job's verdict does not hang on it.
 */
export async function comment(job: Job): Promise<Done> {
  const { env } = job;
  const reports = env['BREAKWATER_REPORTS'] ?? '';
  const text = reports === '' ? undefined : reportsIn(reports, job).summary;
  if (text === undefined) return skipped('There is no report to comment with.');
  const token = env['INPUT_TOKEN'] ?? '';
  if (token === '') return skipped('There is no token: leave the input token out, or give the action one.');
  const github = {
    api: env['GITHUB_API_URL'] || 'https://api.github.com',
    repository: needed(env, 'GITHUB_REPOSITORY'),
    token,
  };
  const pull = await pullRequest(job, github);
  if (pull === undefined) {
    return skipped('This run is for no pull request: the report is in the summary of the job.');
  }
  const name = env['INPUT_COMMENT_NAME'] || `${env['GITHUB_WORKFLOW'] ?? ''}/${env['GITHUB_JOB'] ?? ''}`;
  const body = pull.isFromElsewhere ? withoutMentions(text) : text;
  const kept = await keepComment(github, pull.number, name, `${body}\n${about(pull, env)}\n`);
  if (kept.done !== 'refused') {
    return { outputs: { url: kept.url }, say: `comment ${kept.done}: ${kept.url}\n` };
  }
  return pull.isFromFork
    ? skipped(
        'The pull request comes from a fork, and GitHub gives those a token that may only read. The report is in the summary of the job, and failed checks stand at their lines; docs/ci.md has a second workflow that comments afterwards.',
      )
    : skipped(kept.why, 'warning');
}

/** The pull request that the event is about, or that the workflow was for after which this one runs. */
async function pullRequest({ env, readText }: Job, github: GitHub): Promise<PullRequest | undefined> {
  const text = readText(needed(env, 'GITHUB_EVENT_PATH'));
  const event: unknown = text === undefined ? undefined : JSON.parse(text);
  const origin = originOf(event);
  if (origin === undefined) return pullRequestOf(event);
  const answer = await ask(github, 'GET', `/pulls?state=open&head=${encodeURIComponent(origin.branch)}`);
  if (!answer.ok) throw await failure(answer);
  const listed: unknown = await answer.json();
  // The branch may have moved on: then its newest commit gets a comment of its own.
  const found = (Array.isArray(listed) ? listed : []).find(
    (each) => fields(fields(each)['head'])['sha'] === origin.head,
  );
  const { number } = fields(found);
  return typeof number === 'number'
    ? { number, isFromFork: false, isFromElsewhere: true, head: origin.head }
    : undefined;
}

/** What a fork has written calls nobody. */
const withoutMentions = (text: string) => text.replace(/@(?=[\w-])/g, '@<!-- -->');

/** Which commit and which run the comment is of. */
function about({ head }: PullRequest, env: NodeJS.ProcessEnv): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  const link = `[Log and reports](${server}/${repository}/actions/runs/${run})`;
  return `<sub>${head === undefined ? '' : `Commit ${head.slice(0, 10)}. `}${link}</sub>`;
}

function skipped(message: string, level: Annotation['level'] = 'notice'): Done {
  return { say: annotationCommand({ level, title: 'No comment', message }) };
}

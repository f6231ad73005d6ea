/** The pull request that a workflow runs for. */
export interface PullRequest {
  readonly number: number;
  /** Whether it comes from another repository: GitHub then gives its workflows a token that may only read. */
  readonly isFromFork: boolean;
  /** Whether the report is of another workflow, which may have run what a fork has written. */
  readonly isFromElsewhere?: boolean;
  /** The commit that it ended in; undefined where the event does not say. */
  readonly head?: string | undefined;
}

/** Where the commits of a workflow came from that has ended, and what one that runs after it is told. */
export interface Origin {
  /** "owner:branch", as GitHub looks for pull requests. */
  readonly branch: string;
  readonly head: string;
}

/** The pull request in what GitHub writes into GITHUB_EVENT_PATH; undefined where the event is about none. */
export function pullRequestOf(event: unknown): PullRequest | undefined {
  const { pull_request: pull, issue } = fields(event);
  const { number, head, base } = fields(pull);
  if (typeof number === 'number') {
    const { sha } = fields(head);
    const isFromFork = repositoryOf(head) !== repositoryOf(base);
    return { number, isFromFork, head: typeof sha === 'string' ? sha : undefined };
  }
  // A comment on a pull request is an event of its issue, and runs with the rights of the repository.
  const { number: ofIssue, pull_request: ofPull } = fields(issue);
  if (typeof ofIssue === 'number' && ofPull !== undefined) return { number: ofIssue, isFromFork: false };
  return undefined;
}

/**
 * Of an event of `workflow_run`, where the commits of that workflow came from. The pull request is looked for by this,
 * and not by what that workflow has left: code of a fork has written that.
 */
export function originOf(event: unknown): Origin | undefined {
  const run = fields(fields(event)['workflow_run']);
  const { login } = fields(fields(run['head_repository'])['owner']);
  const { head_branch: branch, head_sha: head } = run;
  if (typeof login !== 'string' || typeof branch !== 'string' || typeof head !== 'string') return undefined;
  return { branch: `${login}:${branch}`, head };
}

/** "owner/name"; undefined where the repository was deleted. */
const repositoryOf = (side: unknown) => fields(fields(side)['repo'])['full_name'];

export const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

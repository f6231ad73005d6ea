import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { comment } from './comment-step.ts';
import { GitHubServer } from './testing/github-server.ts';
import { runnerReads } from './testing/runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-comment-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'report.md'), '## ✅ PASS: mine\n');

const repository = { full_name: 'owner/name' };
const ownPull = {
  pull_request: {
    number: 7,
    head: { sha: '0123456789abcdef', repo: repository },
    base: { repo: repository },
  },
};
const forkPull = {
  pull_request: {
    number: 7,
    head: { sha: '0123456789abcdef', repo: { full_name: 'else/name' } },
    base: { repo: repository },
  },
};

/** The step with its job's variables; `event` is what GitHub writes into a file. */
function step(
  github: GitHubServer,
  event: unknown,
  more: NodeJS.ProcessEnv = {},
  report = '## ✅ PASS: mine\n',
) {
  const env = {
    BREAKWATER_REPORTS: folder,
    GITHUB_API_URL: github.api,
    GITHUB_EVENT_PATH: 'event',
    GITHUB_REPOSITORY: 'owner/name',
    GITHUB_SERVER_URL: 'https://github',
    GITHUB_RUN_ID: '5',
    GITHUB_WORKFLOW: 'ci',
    GITHUB_JOB: 'mesh',
    INPUT_TOKEN: 'secret',
    ...more,
  };
  const files: Record<string, string> = {
    event: JSON.stringify(event),
    [join(folder, 'report.md')]: report,
  };
  return comment({ env, readText: (path) => files[path] });
}

describe('the comment on a pull request', () => {
  test('is made, and then kept up to date', async () => {
    await using github = await GitHubServer.start();
    const made = await step(github, ownPull);
    expect(made.outputs).toEqual({ url: 'https://github/1' });
    expect(github.comments[0]?.body).toBe(
      '<!-- breakwater: ci/mesh -->\n## ✅ PASS: mine\n\n<sub>Commit 0123456789. [Log and reports](https://github/owner/name/actions/runs/5)</sub>\n',
    );
    await step(github, ownPull, { GITHUB_RUN_ID: '6' });
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0]?.body).toContain('actions/runs/6');
    expect([...github.tokens]).toEqual(['Bearer secret']);
  });

  test('is found behind hundreds of others, and is one for each name', async () => {
    await using github = await GitHubServer.start();
    for (let count = 0; count < 230; count++) github.add(`comment ${count}`);
    await step(github, ownPull, { INPUT_COMMENT_NAME: 'a' });
    await step(github, ownPull, { INPUT_COMMENT_NAME: 'a' });
    await step(github, ownPull, { INPUT_COMMENT_NAME: 'b' });
    expect(github.comments).toHaveLength(232);
    expect(github.requests.filter((each) => each.startsWith('GET')).at(-1)).toContain('page=3');
  });

  test('is not the one that somebody from outside has begun with its mark', async () => {
    await using github = await GitHubServer.start();
    github.add('<!-- breakwater: ci/mesh -->\nfree beer');
    github.add('quoted: <!-- breakwater: ci/mesh -->', { user: { type: 'Bot' } });
    await step(github, ownPull);
    expect(github.comments.map(({ body }) => body.slice(0, 40))).toEqual([
      expect.stringContaining('free'),
      expect.stringContaining('quoted'),
      expect.stringContaining('PASS'),
    ]);
  });

  test('is made anew when it was deleted meanwhile, or is not ours to change', async () => {
    await using github = await GitHubServer.start();
    for (const status of [404, 403]) {
      await step(github, ownPull);
      github.instead.push({ of: /^PATCH/, status });
      await step(github, ownPull);
    }
    expect(github.comments).toHaveLength(3);
  });

  test('waits where GitHub asks for it, and asks again where it broke', async () => {
    await using github = await GitHubServer.start();
    github.instead.push({ of: /^GET/, status: 502 });
    github.instead.push({ of: /^POST/, status: 403, headers: { 'retry-after': '0' } });
    await step(github, ownPull);
    expect(github.comments).toHaveLength(1);
    expect(github.requests).toHaveLength(4);
  });

  test('a token that may not comment is told with the permission to give, and fails nothing', async () => {
    await using github = await GitHubServer.start();
    github.instead.push({ of: /^POST/, status: 403, message: 'Resource not accessible by integration' });
    const { say = '', exitCode } = await step(github, ownPull);
    expect(exitCode ?? 0).toBe(0);
    expect(runnerReads(say)).toMatchObject({ command: 'warning' });
    expect(runnerReads(say)?.data).toMatch(/403 \(Resource not .* pull-requests: write/);
  });

  test('a fork, whose token may only read, is told where the report is', async () => {
    await using github = await GitHubServer.start();
    github.instead.push({ of: /^POST/, status: 403, message: 'Resource not accessible by integration' });
    const { say = '' } = await step(github, forkPull);
    expect(runnerReads(say)).toMatchObject({ command: 'notice' });
    expect(runnerReads(say)?.data).toMatch(/comes from a fork.*summary of the job/);
  });

  test('a second workflow finds the pull request of a fork by its branch and commit', async () => {
    await using github = await GitHubServer.start();
    const event = {
      workflow_run: {
        head_branch: 'fix&base=x',
        head_sha: 'cafe',
        head_repository: { owner: { login: 'else' } },
      },
    };
    github.pulls = [
      { number: 8, head: { sha: 'beef' } },
      { number: 9, head: { sha: 'cafe' } },
    ];
    await step(github, event, {}, 'thanks to @owner/everybody');
    // What a fork has written calls nobody.
    expect(github.comments[0]?.body).toContain('thanks to @<!-- -->owner/everybody');
    expect(github.requests[0]).toBe('GET /pulls?state=open&head=else%3Afix%26base%3Dx');
    expect(github.requests.at(-1)).toBe('POST /issues/9/comments');
    github.pulls = [{ number: 9, head: { sha: 'newer' } }];
    expect((await step(github, event)).say).toContain('for no pull request');
  });

  test.each([
    [{ ref: 'refs/heads/main' }, {}, 'for no pull request'],
    [{ issue: { number: 3 } }, {}, 'for no pull request'],
    [ownPull, { INPUT_TOKEN: '' }, 'no token'],
    [ownPull, { BREAKWATER_REPORTS: '' }, 'no report'],
  ])('of %j with %j is left out with its reason', async (event, more, why) => {
    await using github = await GitHubServer.start();
    const { say } = await step(github, event, more);
    expect(say).toContain(why);
    expect(github.comments).toHaveLength(0);
  });

  test('a comment on a pull request is an event of its issue', async () => {
    await using github = await GitHubServer.start();
    await step(github, { issue: { number: 3, pull_request: {} } });
    expect(github.requests.at(-1)).toBe('POST /issues/3/comments');
  });

  test('fits, whatever its text is', async () => {
    const { keepComment } = await import('./comment.ts');
    await using github = await GitHubServer.start();
    const to = { api: github.api, repository: 'owner/name', token: 'secret' };
    await keepComment(to, 7, 'long', 'a line of it\n'.repeat(10_000));
    await keepComment(to, 7, 'wide', '🌊'.repeat(40_000));
    expect(github.comments.map(({ body }) => body.length <= 65_536)).toEqual([true, true]);
  });

  test('an answer that nobody expects is an error', async () => {
    await using github = await GitHubServer.start();
    github.instead.push({ of: /^POST/, status: 422, message: 'Validation Failed' });
    await expect(step(github, ownPull)).rejects.toThrow('GitHub answered 422: Validation Failed');
  });
});

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GitHubServer } from '../../src/github/testing/github-server.ts';
import { runnerReads } from '../../src/github/testing/runner.ts';
import { GitHubJob } from '../support/github-job.ts';

/** Three seconds of load on the smallest mesh that there is. */
const scenario = (atLeast: string) => `name: small
description: Everything is answered.
topology:
  services:
    shop: { workloads: [{ name: shop, locality: r/a }] }
    caller: { workloads: [{ name: caller, locality: r/a }] }
mesh: { configuration: [mesh.yaml] }
load: { from: caller, to: shop, rate: 40/s, duration: 3s, warmup: 500ms }
checks:
  - { kind: success-rate, during: run, atLeast: ${atLeast} }
`;
const mesh = (status: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - fault:
        abort:
          percentage: { value: 100 }
          httpStatus: ${status}
      route: [{ destination: { host: shop } }]
`;

/** One request in fifteen is refused anyhow; how often it is asked again is what a change makes worse. */
const asked = `name: asked
description: What is refused is asked again.
topology:
  services:
    shop: { workloads: [{ name: shop, locality: r/a }] }
    caller: { workloads: [{ name: caller, locality: r/a }] }
mesh: { configuration: [retries.yaml, policy.yaml] }
load:
  - { name: allowed, from: caller, to: shop, rate: 56/s, duration: 1500ms, warmup: 300ms }
  - { name: refused, from: caller, to: shop, path: /admin, rate: 8/s, duration: 1500ms, warmup: 300ms }
checks: [{ kind: success-rate, load: allowed, during: run, atLeast: 90% }]
`;
const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: shop }
spec:
  selector: { matchLabels: { app: shop } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [/admin] } }] }]
`;
const retries = (attempts: number) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - retries: { attempts: ${attempts}, retryOn: '403', backoff: 1ms }
      route: [{ destination: { host: shop } }]
`;

const git = (where: string, ...args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
    cwd: where,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

/**
 * A pull request that asks more often, merged with its target as GitHub does, in a clone that has that one commit; its
 * target has gone on since the pull request was opened. Returns what GitHub would say of it.
 */
function pullRequest(job: GitHubJob) {
  const origin = join(job.workspace.path, 'origin');
  mkdirSync(join(origin, 'checks'), { recursive: true });
  const put = (file: string, text: string, message: string) => {
    writeFileSync(join(origin, 'checks', file), text);
    git(origin, 'add', '.');
    git(origin, 'commit', '--quiet', `--message=${message}`);
    return git(origin, 'rev-parse', 'HEAD');
  };
  git(origin, 'init', '--quiet', '--initial-branch=main');
  put('asked.yaml', asked, 'scenario');
  put('policy.yaml', policy, 'policy');
  const opened = put('retries.yaml', retries(1), 'once');
  git(origin, 'checkout', '--quiet', '-b', 'more');
  put('retries.yaml', retries(4), 'often');
  git(origin, 'checkout', '--quiet', 'main');
  const target = put('unrelated.yaml', '{}', 'by somebody else');
  git(origin, 'checkout', '--quiet', '-b', 'merge');
  git(origin, 'merge', '--quiet', '--no-ff', '--message=merge', 'more');
  git(job.checkout, 'clone', '--quiet', '--depth=1', '--branch=merge', `file://${origin}`, '.');
  const event = { pull_request: { number: 7, base: { sha: opened } } };
  writeFileSync(join(job.temporary, 'event.json'), JSON.stringify(event));
  const sha = git(job.checkout, 'rev-parse', 'HEAD');
  return { target, opened, variables: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_SHA: sha } };
}

const annotationsIn = (log = '') => log.split('\n').map(runnerReads).filter(Boolean);

describe.concurrent('the GitHub Action', () => {
  test('runs, says the verdict at its line, in outputs, summary and comment, and keeps the programs', async () => {
    using job = new GitHubJob();
    await using github = await GitHubServer.start();
    job.file('checks/small.yaml', scenario('99%'));
    job.file('checks/mesh.yaml', mesh('503'));
    const repository = { full_name: 'owner/name' };
    const pull = { number: 7, head: { sha: 'cafe', repo: repository }, base: { repo: repository } };
    writeFileSync(join(job.temporary, 'event.json'), JSON.stringify({ pull_request: pull }));
    const inputs = { scenario: 'small.yaml', 'working-directory': 'checks', comment: 'true', again: '2' };
    const code = await job.run(inputs, { GITHUB_API_URL: github.api });
    const { log = '' } = job.step('Run') ?? {};
    expect(code, log).toBe(1);
    expect(job.steps.get('run')).toMatchObject({ verdict: 'fail', 'exit-code': '1', 'job-exit-code': '1' });
    expect(annotationsIn(log)).toContainEqual({
      command: 'error',
      properties: expect.objectContaining({ file: 'checks/mesh.yaml', line: '8' }),
      data: expect.stringContaining('fault.abort: 503'),
    });
    expect(job.summary).toMatch(/^## ❌ FAIL: small\n/);
    expect(github.comments.map(({ body }) => body)).toEqual([expect.stringContaining('❌ FAIL: small')]);
    expect(job.step('Programs from the cache')?.with).toMatchObject({
      key: expect.stringMatching(/^breakwater-tools-Linux-X64-[\da-f]{32}$/),
    });
    // They are saved before the run, so that one that fails does not make the next one build everything.
    const names = job.ran.map(({ name }) => name);
    expect(names.indexOf('Programs into the cache')).toBeLessThan(names.indexOf('Run'));
    const upload = job.step('Reports')?.with;
    expect(upload).toMatchObject({ name: expect.stringMatching(/^breakwater-mesh-[\da-f]{8}$/) });
    const [folder = '', ...without] = upload?.['path']?.split('\n') ?? [];
    expect(existsSync(folder)).toBe(true);
    expect(without).toEqual([`!${join(folder, '**', 'evidence', '**')}`]);
  });

  test('compares a pull request with what GitHub has merged it with, though the clone has one commit', async () => {
    using job = new GitHubJob();
    const { target, variables } = pullRequest(job);
    const inputs = {
      scenario: 'asked.yaml',
      'working-directory': 'checks',
      compare: 'base',
      cache: 'false',
      again: '0',
      arguments: '--rounds=7\n--metrics=attempts',
    };
    const code = await job.run(inputs, variables);
    const { log = '' } = job.step('Run') ?? {};
    expect(log).toContain(`A git:${target}, B as written: in turns in one lab`);
    expect(log).not.toContain('the loads of A and B differ');
    // Nothing of it is left, in the runs or in the clone.
    expect(readdirSync(job.workspace.runs)).toEqual([]);
    expect(git(job.checkout, 'status', '--porcelain')).toBe('');
    // Where the machine is so busy that rounds prove nothing, it says so.
    if (job.steps.get('run')?.['verdict'] === 'invalid') return;
    expect(code, log).toBe(1);
    expect(job.summary).toMatch(/REGRESSED[\s\S]*[Aa]ttempts/);
  }, 300_000);

  test('says what it cannot compare with', async () => {
    using job = new GitHubJob();
    const { opened, variables } = pullRequest(job);
    const inputs = { scenario: 'checks/asked.yaml', compare: 'base', cache: 'false' };
    const refused = async (event: object, more: Readonly<Record<string, string>>) => {
      writeFileSync(join(job.temporary, 'event.json'), JSON.stringify(event));
      expect(await job.run(inputs, { ...variables, ...more })).toBe(2);
      return annotationsIn(job.step('Run')?.log)[0]?.data ?? '';
    };
    expect(await refused({}, { GITHUB_EVENT_NAME: 'schedule' })).toContain(
      'an event of schedule has no commit to compare with',
    );
    const push = { GITHUB_EVENT_NAME: 'push' };
    expect(await refused({ before: '0'.repeat(40) }, push)).toContain('has no commit to compare with');
    expect(await refused({ before: `${'0'.repeat(39)}1` }, push)).toContain('cannot be fetched');
    // A branch that somebody has checked out by itself is compared with what the event says.
    rmSync(join(job.checkout, 'checks/retries.yaml'));
    const elsewhere = { GITHUB_SHA: '0'.repeat(40) };
    expect(await refused({ pull_request: { base: { sha: opened } } }, elsewhere)).toContain('retries.yaml');
  });

  test('a mistake stands at its line, whatever it says, and is exit code 2', async () => {
    using job = new GitHubJob();
    job.file('a%,b:c.yaml', scenario('99%').replace('rate: 40/s', 'rat: "::error::%0A"'));
    job.file('mesh.yaml', mesh('503'));
    const code = await job.run(
      { scenario: 'a%,b:c.yaml', cache: 'false' },
      { GITHUB_EVENT_NAME: 'pull_request_target' },
    );
    expect(code).toBe(2);
    const all = annotationsIn(job.step('Run')?.log);
    // Files of a fork would run with this repository's rights.
    expect(all[0]?.properties['title']).toBe('pull_request_target');
    const annotations = all.slice(1);
    expect(annotations).toContainEqual({
      command: 'error',
      properties: expect.objectContaining({ file: 'a%,b:c.yaml', line: '8' }),
      data: expect.stringContaining('rate'),
    });
    expect(annotations.every((each) => each?.properties['file'] === 'a%,b:c.yaml')).toBe(true);
    expect(job.summary).toContain('has no report (exit code 2)');
    expect(job.steps.get('run')).toMatchObject({ verdict: 'mistake' });
  });

  test.each([
    [{ scenario: '' }, 'scenario: expected'],
    [{ scenario: '--keep' }, 'belongs into arguments'],
    [{ scenario: 'mtls', invalid: 'maybe' }, 'invalid: expected fail or pass'],
    [{ scenario: 'mtls', again: '99' }, 'again: expected a number'],
    [{ scenario: 'mtls', compare: 'a' }, 'compare: expected base, or one file'],
    [{ scenario: 'mtls', version: '--global x' }, 'version: '],
    [{ scenario: '$(touch forged)`touch forged`; touch forged' }, 'there is no such file'],
  ])('%j is refused with what is wrong', async (inputs, why) => {
    using job = new GitHubJob();
    const code = await job.run({ ...inputs, cache: 'false' });
    expect(code).toBe(2);
    const log = job.ran.map((each) => each.log).join('\n');
    expect(annotationsIn(log)).toEqual([
      expect.objectContaining({ command: 'error', data: expect.stringContaining(why) }),
    ]);
    expect(existsSync(join(job.checkout, 'forged'))).toBe(false);
  });

  test('comments on what another workflow has made, and runs nothing', async () => {
    using job = new GitHubJob();
    await using github = await GitHubServer.start();
    job.file('made/small-1/report.md', '## ❌ FAIL: small\n');
    const run = { head_branch: 'fix', head_sha: 'cafe', head_repository: { owner: { login: 'else' } } };
    writeFileSync(join(job.temporary, 'event.json'), JSON.stringify({ workflow_run: run }));
    github.pulls = [{ number: 9, head: { sha: 'cafe' } }];
    const made = join(job.checkout, 'made');
    expect(await job.run({ report: made }, { GITHUB_API_URL: github.api })).toBe(0);
    expect(github.comments.map(({ body }) => body)).toEqual([expect.stringContaining('❌ FAIL: small')]);
    expect(readFileSync(join(made, 'small-1/report.md'), 'utf8')).toContain('FAIL');
    expect(job.step('Run')?.ended).toBe('left out');
    // A link leads to what this process alone may read.
    rmSync(join(made, 'small-1/report.md'));
    symlinkSync('/proc/self/environ', join(made, 'small-1/report.md'));
    expect(await job.run({ report: made }, { GITHUB_API_URL: github.api })).toBe(0);
    expect(job.step('Comment')?.log).toContain('no report to comment with');
  });
});

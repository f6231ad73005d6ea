import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
    [{ scenario: 'mtls', compare: 'a' }, 'compare: expected one file'],
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

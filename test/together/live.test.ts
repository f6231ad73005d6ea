import { existsSync } from 'node:fs';
import { get, request as httpRequest } from 'node:http';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';

const executablePath = process.env['BREAKWATER_CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(executablePath)
  ? ''
  : ` (skipped: no Chromium at ${executablePath}; install it or set BREAKWATER_CHROMIUM)`;

/** A run with a live page: it, what it has said so far, and the address of the page. */
async function started(workspace: Workspace, ...args: readonly string[]) {
  const child = workspace.start(
    'run',
    'scenarios/outlier-ejection.yaml',
    '--live',
    '--profile',
    'short',
    '--set',
    'load.rate=60/s',
    ...args,
    '--reports',
    workspace.reports,
  );
  const url = await new Promise<string>((found, lost) => {
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\//.exec(said) ?? [];
      if (address !== undefined) found(address);
    });
    child.once('close', () => lost(new Error(`no address of a page in:\n${said}`)));
  });
  return { child, finished: workspace.finish(child), url };
}

/** Status of a request, sent as it is told. */
function ask(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> {
  return new Promise((answered, failed) => {
    httpRequest(url, { method, headers }, (response) => {
      answered(response.statusCode ?? 0);
      response.destroy();
    })
      .on('error', failed)
      .end();
  });
}

test('nobody without the token learns anything, and no page of another site stops anything', async () => {
  using workspace = new Workspace();
  const { finished, url } = await started(workspace, '--set', 'load.duration=60s');
  const { origin, host } = new URL(url);
  const stop = { 'x-breakwater-stop': 'yes' };
  expect(await ask(url)).toBe(200);
  expect(await ask(`${url}views`)).toBe(200);
  // A stranger, one who guesses, and a name that leads here (DNS rebinding).
  for (const path of ['/', '/views', '/stop', `/${'0'.repeat(32)}/`, `/${'0'.repeat(32)}/views`]) {
    expect(await ask(`${origin}${path}`), path).toBe(404);
  }
  expect(await ask(url, { host: 'rebound.example' })).toBe(404);
  expect(await ask(`${url}views`, { host: `rebound.example:${new URL(url).port}` })).toBe(404);
  // A page of another site that knows the address: it may not read, and cannot stop.
  expect(await ask(`${url}views`, { 'sec-fetch-site': 'cross-site' })).toBe(404);
  expect(await ask(`${url}stop`, { ...stop, origin: 'https://other.example' }, 'POST')).toBe(404);
  expect(await ask(`${url}stop`, { ...stop, 'sec-fetch-site': 'same-site' }, 'POST')).toBe(404);
  // A form can send no header of its own.
  expect(await ask(`${url}stop`, {}, 'POST')).toBe(405);
  expect(await ask(`${url}stop`)).toBe(405);
  expect(await ask(`${url}stop`, { ...stop, host, origin, 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(
    204,
  );
  const { code, stderr } = await finished;
  expect(stderr).toContain('stopped on the live page');
  expect(code, stderr).toBe(130);
  await expect(new Promise((_, failed) => get(url).on('error', failed))).rejects.toThrow();
});

test.skipIf(missing !== '')(`the page shows what the report says in the end${missing}`, async () => {
  using workspace = new Workspace();
  await using browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const { finished, url } = await started(workspace);
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  const figure = (label: string) =>
    page.locator('.figure', { has: page.getByText(label, { exact: true }) }).locator('b');
  await figure('Requests').waitFor({ timeout: 60_000 });
  await page.getByText('edge-app-east-1').first().waitFor();
  const { code, report, ...rest } = await finished;
  expect([0, 3], outcome({ code, report, ...rest })).toContain(code);
  await page.getByRole('heading', { level: 1, name: /PASS|INVALID/ }).waitFor();
  const { traffic, checks } = report ?? {};
  expect((await figure('Requests').textContent())?.replaceAll(',', '')).toBe(String(traffic?.requests));
  expect(await page.locator('.livechecks tbody tr').count()).toBe(checks?.length);
  for (const { name, observed } of checks ?? []) {
    const row = page.locator('.livechecks tr', { hasText: name });
    expect((await row.first().textContent())?.replaceAll('\u00a0', ' '), name).toContain(observed);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
  expect(complaints).toEqual([]);
});

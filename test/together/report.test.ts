import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { reportCommand } from '../../src/commands/report.ts';
import { hostileReport, sampleReport } from '../../src/report/fixture.ts';
import { writeReports } from '../../src/report/index.ts';
import { sampleRuns } from '../../src/report/runs/fixture.ts';
import { runsHtml } from '../../src/report/runs/index.ts';
import { hostileSuite, sampleSuite } from '../../src/report/suite/fixture.ts';
import { writeSuite } from '../../src/report/suite/index.ts';

const executablePath = process.env['BREAKWATER_CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(executablePath)
  ? ''
  : ` (skipped: no Chromium at ${executablePath}; install it or set BREAKWATER_CHROMIUM)`;
/** A folder for pictures of every page, to look at. */
const screenshots = process.env['BREAKWATER_SCREENSHOTS'];
const charts = ['throughput', 'latency', 'zones', 'ejections', 'pool', 'overflow', 'cpu'];
const reports = {
  pass: sampleReport(),
  fail: sampleReport('fail'),
  invalid: sampleReport('invalid'),
  hostile: hostileReport(),
};
const suites = { suite: sampleSuite(), 'hostile-suite': hostileSuite() };

let browser: Browser;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'breakwater-report-'));
  for (const [name, report] of Object.entries(reports)) await writeReports(path.join(folder, name), report);
  for (const [name, suite] of Object.entries(suites)) {
    await mkdir(path.join(folder, name));
    await writeSuite(path.join(folder, name), suite);
  }
  await mkdir(path.join(folder, 'runs'));
  await writeFile(path.join(folder, 'runs', 'index.html'), runsHtml(sampleRuns(1_000)));
  if (missing !== '') return;
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page, and everything it did that a report must not do. */
async function open(
  name: keyof typeof reports | keyof typeof suites | 'runs',
  options: BrowserContextOptions = {},
) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const file = name in reports ? 'report.html' : 'index.html';
  const url = pathToFileURL(path.join(folder, name, file)).href;
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:'))
      complaints.push(`request ${request.url()}`);
  });
  page.on('console', (message) => complaints.push(`console ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, complaints };
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (screenshots === undefined) return;
  await page.screenshot({ fullPage: true, path: path.join(screenshots, `${name}.png`) });
}

/** How many different colours the chart's canvas shows; a blank one has a single one. */
function colours(page: Page, chart: string): Promise<number> {
  return page.locator(`#chart-${chart} canvas`).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const seen = new Set<number>();
    for (let at = 0; at < pixels.length; at += 4) {
      seen.add(((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0));
    }
    return seen.size;
  });
}

/** Whatever a name could have brought in: globals, handlers, elements that load or run something. */
function foreign(page: Page): Promise<string[]> {
  return page.evaluate(() => [
    ...Object.keys(window).filter((key) => key.includes('pwned')),
    ...[...document.querySelectorAll('img, iframe, object, script[src], form, base')].map(
      (each) => each.outerHTML,
    ),
    ...[...document.querySelectorAll('*')]
      .filter((each) => each.getAttributeNames().some((name) => name.startsWith('on')))
      .map((each) => each.outerHTML),
  ]);
}

const sideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.skipIf(missing !== '')(`report.html in Chromium${missing}`, () => {
  test.each(['pass', 'fail', 'invalid', 'hostile'] as const)(
    '%s: draws every chart, asks no network, breaks no policy, runs nobody else’s script',
    async (name) => {
      const { page, complaints } = await open(name);
      for (const chart of charts) expect(await colours(page, chart), chart).toBeGreaterThan(5);
      expect(await sideways(page)).toBe(0);
      expect(await foreign(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await screenshot(page, `${name}-1280-light`);
    },
  );

  test('says the verdict on the first screen', async () => {
    const { page } = await open('fail');
    const heading = await page.getByRole('heading', { level: 1 }).boundingBox();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('FAIL');
    const figures = await page.locator('.figures').boundingBox();
    expect(heading?.y).toBeLessThan(200);
    expect((figures?.y ?? 0) + (figures?.height ?? 0)).toBeLessThan(860);
  });

  test('its policy blocks a script that is not its own', async () => {
    const { page, complaints } = await open('pass');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "pwned"';
      document.body.append(script);
    });
    expect(await page.title()).toBe('PASS: zone-failover (Breakwater)');
    expect(complaints.join()).toContain('Content Security Policy');
  });

  test.each(['pass', 'fail', 'invalid', 'hostile'] as const)(
    '%s: fits a phone without scrolling sideways',
    async (name) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, complaints } = await open(name, { viewport: { width: 390, height: 844 }, colorScheme });
        expect(await sideways(page)).toBe(0);
        for (const chart of charts) expect(await colours(page, chart), chart).toBeGreaterThan(5);
        expect(complaints).toEqual([]);
        await screenshot(page, `${name}-390-${colorScheme}`);
      }
    },
  );

  test('follows the reader into the dark, charts too', async () => {
    const { page } = await open('fail');
    const canvas = page.locator('#chart-latency canvas');
    const read = async () => ({
      ground: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
      chart: await canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL()),
    });
    const light = await read();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await read();
    expect(dark.ground).not.toBe(light.ground);
    expect(dark.chart).not.toBe(light.chart);
    await screenshot(page, 'fail-1280-dark');
  });

  test('hovering tells values on every chart, dragging zooms them all', async () => {
    const { page } = await open('fail');
    const plot = page.locator('#chart-throughput .u-over');
    await plot.scrollIntoViewIfNeeded();
    await plot.hover({ position: { x: 40, y: 60 } });
    expect(await page.locator('#chart-throughput output').first().textContent()).toBe('400/s');
    expect(await page.locator('#chart-latency output').first().textContent()).toMatch(/^[\d.]+ ms$/);
    const before = await page
      .locator('#chart-cpu canvas')
      .evaluate((c) => (c as HTMLCanvasElement).toDataURL());
    const box = await plot.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 60);
    await page.mouse.down();
    await page.mouse.move((box?.x ?? 0) + 500, (box?.y ?? 0) + 60, { steps: 4 });
    await page.mouse.up();
    const zoomed = await page
      .locator('#chart-cpu canvas')
      .evaluate((c) => (c as HTMLCanvasElement).toDataURL());
    expect(zoomed).not.toBe(before);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Show all' }).isVisible()).toBe(false);
  });

  test('a series can be hidden and brought back', async () => {
    const { page } = await open('pass');
    const button = page.locator('#chart-latency .legend button').first();
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    await button.click();
    expect(await button.getAttribute('aria-pressed')).toBe('true');
  });

  test('without JavaScript everything but the charts is there', async () => {
    const { page } = await open('fail', { javaScriptEnabled: false });
    expect(await page.getByText('The charts need JavaScript').isVisible()).toBe(true);
    expect(await page.locator('table.checks tbody tr').count()).toBe(reports.fail.checks.length);
    expect(await page.locator('.topology svg').count()).toBe(3);
  });

  test('the setting behind an error leads to its line, and opens the file', async () => {
    const { page } = await open('fail');
    await page.getByRole('link', { name: 'zone-failover.mesh.yaml:23' }).first().click();
    const line = page.locator(':target');
    expect(await line.textContent()).toContain('consecutive5xxErrors: 5');
    expect(await line.isVisible()).toBe(true);
  });

  test.each(['invalid', 'hostile'] as const)('%s: junit.xml is well-formed XML', async (name) => {
    const { page } = await open('pass');
    const xml = await readFile(path.join(folder, name, 'junit.xml'), 'utf8');
    const seen = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'application/xml');
      const error = parsed.querySelector('parsererror')?.textContent ?? '';
      return { error, cases: parsed.querySelectorAll('testsuite > testcase').length };
    }, xml);
    const { checks, probes = [], validity } = reports[name];
    expect(seen).toEqual({ error: '', cases: checks.length + probes.length + validity.length });
  });
});

describe('breakwater report', () => {
  const report = (...args: string[]) => reportCommand().parseAsync(args, { from: 'user' });

  test('converts a run to another format', async () => {
    const output = path.join(folder, 'converted.md');
    await report('fail', '--reports', folder, '--format', 'md', '--output', output);
    expect(await readFile(output, 'utf8')).toBe(
      await readFile(path.join(folder, 'fail', 'report.md'), 'utf8'),
    );
  });

  test('writes the newest as plain text into a file', async () => {
    const output = path.join(folder, 'summary.txt');
    await report('--reports', folder, '--output', output);
    expect(await readFile(output, 'utf8')).toMatch(/^\n == (?:PASS|FAIL|INVALID) ==/);
  });

  test('says what to do when there is no such run', async () => {
    await expect(report('nonesuch', '--reports', folder)).rejects.toMatchObject({
      message: expect.stringContaining('no report.json in nonesuch'),
      hint: expect.stringContaining('breakwater run'),
      exitCode: 2,
    });
  });
});

describe.skipIf(missing !== '')(`index.html of a suite in Chromium${missing}`, () => {
  test.each(['suite', 'hostile-suite'] as const)(
    '%s: fits every screen, asks no network, breaks no policy, runs no script',
    async (name) => {
      for (const width of [1280, 390]) {
        for (const colorScheme of ['light', 'dark'] as const) {
          const { page, complaints } = await open(name, { viewport: { width, height: 860 }, colorScheme });
          expect(await sideways(page)).toBe(0);
          expect(await foreign(page)).toEqual([]);
          expect(complaints).toEqual([]);
          await screenshot(page, `${name}-${width}-${colorScheme}`);
        }
      }
    },
  );
});

describe.skipIf(missing !== '')(`the page of all runs in Chromium${missing}`, () => {
  test('a thousand fit every screen, ask no network and break no policy', async () => {
    for (const width of [1280, 390]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, complaints } = await open('runs', { viewport: { width, height: 860 }, colorScheme });
        expect(await sideways(page)).toBe(0);
        expect(complaints).toEqual([]);
      }
    }
  });

  test('the filter leaves what it is about, and says how many that is', async () => {
    const { page } = await open('runs');
    const shown = page.locator('.all tbody tr:visible');
    expect(await shown.count()).toBe(1_000);
    await page.getByLabel('Verdict').selectOption('fail');
    expect(await shown.count()).toBe(100);
    await page.locator('select[name=scenario]').selectOption('outlier-ejection');
    expect(await shown.count()).toBe(50);
    await page.getByLabel('Find').fill('cause 2026-03-13');
    expect(await page.getByRole('status').textContent()).toBe('1 of 1000 runs');
    expect(await shown.textContent()).toContain('Cause number 9.');
  });

  test('without JavaScript every run is there, and no filter that does nothing', async () => {
    const { page } = await open('runs', { javaScriptEnabled: false });
    expect(await page.locator('.all tbody tr').count()).toBe(1_000);
    expect(await page.getByLabel('Find').isVisible()).toBe(false);
  });
});

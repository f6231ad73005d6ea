import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { ConfigurationDirectory } from './configuration-directory.ts';

const directory = mkdtempSync(join(tmpdir(), 'bw-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('files come in one folder, are replaced wherever they are, and come again when they were not noticed', async () => {
  const configuration = new ConfigurationDirectory(directory);
  const published = () => join(configuration.published, 'a.yaml');
  await configuration.write({ 'a.yaml': '1', 'b.yaml': '2' });
  expect(existsSync(configuration.published)).toBe(false);
  await configuration.replace('a.yaml', 'withheld');
  await configuration.publish();
  expect(readFileSync(published(), 'utf8')).toBe('withheld');
  await configuration.replace('a.yaml', 'published');
  expect(readFileSync(published(), 'utf8')).toBe('published');
  await configuration.nudge();
  expect(existsSync(published())).toBe(true);
  await sleep(3_100);
  await configuration.nudge();
  expect(existsSync(published())).toBe(false);
  await configuration.publish();
  await configuration.nudge();
  expect(readFileSync(published(), 'utf8')).toBe('published');
});

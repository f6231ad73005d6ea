import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readVersioned } from '../read.ts';
import { SUITE_SCHEMA, type Suite, suiteSchema } from './model.ts';

/** The folder of a suite: by path, or by id under `reports`; undefined where there is none of that name. */
export async function findSuite(reports: string, named: string): Promise<string | undefined> {
  const candidates = [named, path.join(reports, named)].map((candidate) =>
    ['suite.json', 'index.html'].includes(path.basename(candidate)) ? path.dirname(candidate) : candidate,
  );
  for (const candidate of candidates) {
    const found = await stat(path.join(candidate, 'suite.json')).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  return undefined;
}

/** suite.json of a suite's folder, checked against its schema. */
export async function readSuite(directory: string): Promise<Suite> {
  return readVersioned(path.join(directory, 'suite.json'), SUITE_SCHEMA, suiteSchema);
}

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Report } from '../src/report/model.ts';

/** Runs a scenario through the command and gives its report, whatever the verdict. */
export async function runScenario(file: string, ...args: readonly string[]): Promise<Report> {
  const child = spawn(process.execPath, ['bin/breakwater.js', 'run', file, '--json', '--quiet', ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((done) => child.once('close', done));
  return JSON.parse(output);
}

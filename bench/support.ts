import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Report } from '../src/report/model.ts';

/** Runs a scenario through the command and gives its report, whatever the verdict. */
export async function runScenario(file: string, ...args: readonly string[]): Promise<Report> {
  return JSON.parse(await outputOf('run', file, '--json', '--quiet', ...args));
}

/** What a command says on its standard output, however it ends. */
export async function outputOf(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['bin/breakwater.js', ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((done) => child.once('close', done));
  return output;
}

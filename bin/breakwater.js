#!/usr/bin/env node
// In the clone Node runs the sources as they are; the package has them compiled.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';

const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `error: Breakwater needs Node.js 24 or newer; this is ${process.version}\n` +
      'hint: in a clone run "npm ci" and start it with npx, which brings the right one\n',
  );
  process.exit(4);
}
// Halves the time to start; what a run starts with Node finds the same folder through the environment.
process.env.NODE_COMPILE_CACHE ??= join(process.env.BREAKWATER_CACHE || userCache(), 'compiled');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

// The watcher must be small and take little CPU: objects that die young need no 64 MB to do so, its heap is too
// small to be worth four threads that wake up for it, and one that grows slowly needs no mark and sweep for that.
const flags = ['--semi-space-growth-factor=1', '--single-threaded-gc', '--heap-growing-percent=60'];
// An older V8 does not know it, and says so to the user.
if (major >= 26) flags.push('--no-scavenger-updates-allocation-limit');
for (const flag of flags) v8.setFlagsFromString(flag);

const source = new URL('../src/cli.ts', import.meta.url);
process.removeAllListeners('warning');
await import(existsSync(source) ? source.href : new URL('../dist/src/cli.js', import.meta.url).href);

/** Where src/toolchain/context.ts keeps programs, too; that asks env-paths, whose import would cost what this saves. */
function userCache() {
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/breakwater');
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA || join(homedir(), 'AppData/Local'), 'breakwater/Cache');
  }
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'breakwater');
}

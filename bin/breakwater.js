#!/usr/bin/env node
// In the clone Node runs the sources as they are; the package has them compiled.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { tmpdir, userInfo } from 'node:os';
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
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), `breakwater-compiled-${userInfo().uid}`);
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

// The watcher must be small: objects that die young need no 64 MB to do so.
v8.setFlagsFromString('--semi-space-growth-factor=1');

const source = new URL('../src/cli.ts', import.meta.url);
process.removeAllListeners('warning');
await import(existsSync(source) ? source.href : new URL('../dist/src/cli.js', import.meta.url).href);

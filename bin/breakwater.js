#!/usr/bin/env node
// In the clone Node runs the sources as they are; the package has them compiled.
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  refuse(
    `Breakwater needs Node.js 24 or newer; this is ${process.version}`,
    'https://nodejs.org has it; in a clone, "npm ci" brings it along, and npx starts Breakwater with it',
  );
}
// Programs are started in other folders than this one.
for (const name of ['BREAKWATER_CACHE', 'BREAKWATER_RUNS', 'TMPDIR', 'TMP', 'TEMP']) {
  if (process.env[name]) process.env[name] = resolve(process.env[name]);
}
giveHome();
// Halves the time to start; what a run starts with Node finds the same folder through the environment.
process.env.NODE_COMPILE_CACHE ??= compileCache();
if (process.env.NODE_COMPILE_CACHE) module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

await import('./memory.js');

const source = new URL('../src/cli.ts', import.meta.url);
process.removeAllListeners('warning');
await import(existsSync(source) ? source.href : new URL('../dist/src/cli.js', import.meta.url).href);

/**
 * Whoever has no home, a user that the system does not know (docker run -u) and that has no HOME, gets one that lasts as
 * long as temporary files do: for what this process keeps, and for all that it starts. Its name can be guessed, so it is
 * taken only when nobody else can have put anything in it.
 */
function giveHome() {
  // The system's own answer is better than the current folder.
  if (process.env.HOME === '') delete process.env.HOME;
  try {
    homedir();
    return;
  } catch {
    // nobody knows this user
  }
  const uid = process.getuid?.();
  const home = join(tmpdir(), `breakwater-home-${uid}`);
  const hint = 'set HOME to a folder that is yours';
  try {
    mkdirSync(home, { mode: 0o700 });
  } catch (error) {
    if (error.code !== 'EEXIST')
      refuse(`there is no home for you, and none can be made: ${error.message}`, hint);
  }
  const found = lstatSync(home);
  if (!found.isDirectory() || found.uid !== uid || found.mode & 0o077) {
    refuse(`there is no home for you, and ${home} is not yours alone`, hint);
  }
  process.env.HOME = home;
}

/**
 * Folder of what is compiled, made as src/kit/folder.ts makes them, one by one from the top: Node's own way never ends
 * where the system refuses with ENOENT (/proc). Empty, which is no folder to Node, where it cannot be made.
 */
function compileCache() {
  const path = resolve(process.env.BREAKWATER_CACHE || userCache(), 'compiled');
  const make = (folder) => {
    if (existsSync(folder)) return;
    make(dirname(folder));
    try {
      mkdirSync(folder);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  };
  try {
    make(path);
    return path;
  } catch {
    return '';
  }
}

function refuse(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(4);
}

/** Where src/toolchain/context.ts keeps programs, too; that asks env-paths, whose import would cost what this saves. */
function userCache() {
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/breakwater');
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA || join(homedir(), 'AppData/Local'), 'breakwater/Cache');
  }
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'breakwater');
}

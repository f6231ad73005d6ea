import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { findOnPath } from '../../kit/executable.ts';
import { shellCommand } from '../../kit/shell.ts';

/** PATH for kind, which calls whatever is named docker there; a docker with a path of its own gets that name. */
export async function pathWithDocker(docker: string, directory: string): Promise<string> {
  const path = process.env['PATH'] ?? '';
  const found = docker.includes('/') ? docker : findOnPath([docker], process.env);
  if (docker === 'docker' || found === undefined) return path;
  const folder = join(directory, 'bin');
  await mkdir(folder, { recursive: true });
  // With the PATH of before: it may be a script that calls docker itself.
  const script = `#!/bin/sh\nPATH=${shellCommand([path])} exec ${shellCommand([resolve(found)])} "$@"\n`;
  await writeFile(join(folder, 'docker'), script, { mode: 0o755 });
  return `${folder}${delimiter}${path}`;
}

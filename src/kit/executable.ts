import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of the first of `names` on the PATH, or undefined. On Windows it is "Path", and names have ends. */
export function findOnPath(
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const isWindows = platform === 'win32';
  const path = env['PATH'] ?? (isWindows ? env['Path'] : undefined) ?? '';
  const ends = isWindows ? ['', '.exe'] : [''];
  const directories = path.split(delimiter).filter((directory) => directory !== '');
  return names
    .flatMap((name) => directories.flatMap((directory) => ends.map((end) => join(directory, name + end))))
    .find((candidate) => isExecutableFile(candidate));
}

export function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

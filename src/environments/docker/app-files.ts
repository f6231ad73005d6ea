import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../kit/package-root.ts';
import type { ContainerFile } from '../../meshes/contract.ts';

/** The sample app as it is put into an image with nothing but Node.js, below /app, and where it begins. */
export async function appFiles(): Promise<{
  readonly entry: string;
  readonly files: readonly ContainerFile[];
}> {
  const folder = fileURLToPath(new URL('apps/edge-app/', packageRoot));
  const sources = (await readdir(join(folder, 'src'), { recursive: true }))
    .filter((name) => /\.(ts|js|json)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
    .map((name) => `src/${name.replaceAll('\\', '/')}`);
  const files = ['package.json', ...sources].map(async (name) => ({
    path: `/app/${name}`,
    content: await readFile(join(folder, name), 'utf8'),
  }));
  const compiled = sources.includes('src/main.js');
  return { entry: `/app/src/main.${compiled ? 'js' : 'ts'}`, files: await Promise.all(files) };
}

/** Makes dist/, what the package carries: the compiled sources and the data files beside them. */
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const file of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.json')) cpSync(join('src', file), join('dist/src', file));
}
for (const file of ['environments/kubernetes/client.js', 'toolchain/tar.js'])
  await takeIn(join('dist/src', file));

// What importers of the package are told of it; all else has no types for anybody.
const typed = spawnSync(
  'tsc',
  ['-p', 'tsconfig.build.json', '--declaration', '--emitDeclarationOnly', '--outDir', 'dist/types'],
  { stdio: 'inherit' },
);
if (typed.status !== 0) process.exit(typed.status ?? 1);
for (const name of ['contract', 'testcontainers', 'loopback']) {
  cpSync(`dist/types/src/library/${name}.d.ts`, `dist/src/library/${name}.d.ts`);
}
rmSync('dist/types', { recursive: true });

/** Puts what a file needs of development dependencies into it, and their licenses beside it. */
async function takeIn(file: string): Promise<void> {
  const bundle = await rolldown({
    input: file,
    platform: 'node',
    // A dependency of ours as well.
    external: ['undici'],
    // Classes of kinds, and ways to copy files: nothing happens when they are not there.
    treeshake: { moduleSideEffects: (id) => !/client-node\/dist\/(?!polyfill)|tar-fs|form-data/.test(id) },
  });
  const {
    output: [chunk],
  } = await bundle.write({ file, minify: true });
  await bundle.close();
  const packages = new Set(
    chunk.moduleIds.flatMap((id) => /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
  );
  const licenses = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const own = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = own === undefined ? '' : readFileSync(join(folder, own), 'utf8');
    return `${name} ${version} (${license})\n\n${text}`;
  });
  writeFileSync(file.replace(/\.js$/, '.licenses.txt'), licenses.join('\n\n'));
}

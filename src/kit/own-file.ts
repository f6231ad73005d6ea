import { fileURLToPath } from 'node:url';

/** Where a source file of ours is as it runs: compiled in the package, or TypeScript as it stands in the repository. */
export function ownFile(typescript: URL): URL {
  const isCompiled = fileURLToPath(import.meta.url).endsWith('.js');
  return isCompiled ? new URL(typescript.href.replace(/\.ts$/, '.js')) : typescript;
}

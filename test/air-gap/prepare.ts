/**
 * Makes what kind needs on a machine that can pull no image: a docker, the programs, and every image, from
 * Debian packages and Go modules. Everything is kept; the second time takes seconds. Prints the settings as
 * `export` lines.
 *
 *   npm run test:kind:prepare
 *   npm run test:kind:stop      ends the docker that it started
 */
import { existsSync } from 'node:fs';
import { createProgress } from '../../src/kit/terminal.ts';
import { fetchPrograms } from '../../src/toolchain/fetch.ts';
import { buildBinaries } from './binaries.ts';
import { baseImage, binary, sh } from './cache.ts';
import { startDocker, stopDocker } from './docker.ts';
import { buildBase, buildRunImages } from './images.ts';
import { buildNodeImage } from './node-image.ts';
import { airGapped, whyNot } from './settings.ts';

const reason = whyNot();
if (process.argv[2] === '--stop') {
  await stopDocker();
} else if (reason !== undefined) {
  console.log(`no kind cluster here: ${reason}`);
} else {
  const progress = createProgress(process.stderr, false);
  const programs = await fetchPrograms(
    ['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl'],
    progress,
    new AbortController().signal,
    { name: 'istio' },
  );
  const { paths: ofConsul } = await fetchPrograms(['consul'], progress, new AbortController().signal, {
    name: 'consul',
  });
  progress.done();
  await startDocker();
  await buildBase();
  // A node is a privileged container: where there can be none, the rest is in vain.
  await sh`docker run --rm --privileged ${baseImage} true`;
  await buildBinaries();
  await buildRunImages({ ...programs.paths, ...ofConsul }, programs.files['envoy-bootstrap'] ?? '');
  await buildNodeImage();
  if (!existsSync(binary('kind'))) throw new Error('kind was not built');
  for (const [name, value] of Object.entries(airGapped)) console.log(`export ${name}=${value}`);
}

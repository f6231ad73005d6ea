import { readFile } from 'node:fs/promises';
import { type ImageParts, RegistryContent } from '../../src/toolchain/images/testing.ts';
import { envoyBootstrapTemplate, resolveToolchain } from '../../src/toolchain/index.ts';
import { ISTIO_VERSION } from '../../src/toolchain/istio-tools.ts';
import { K6 } from '../../src/toolchain/tools.ts';

/** The programs of this machine in images with the layout of the official ones: a system, then a file or two a layer. */
export async function officialImages(
  compression: NonNullable<ImageParts['compression']>,
): Promise<RegistryContent> {
  const programs = await resolveToolchain(['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl']);
  const content = new RegistryContent();
  const system = { 'etc/os-release': 'a system', 'usr/bin/bash': 'a shell' };
  const file = ({ path }: { readonly path: string }) => readFile(path);
  const add = (name: string, layers: readonly Record<string, Buffer | string>[], docker: boolean) =>
    content.add(name, { layers: [system, ...layers], compression, index: true, docker });
  await add(
    `istio/proxyv2:${ISTIO_VERSION}`,
    [
      { 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json': await readFile(await envoyBootstrapTemplate()) },
      { 'usr/local/bin/envoy': await file(programs.envoy) },
      { 'usr/local/bin/pilot-agent': await file(programs['pilot-agent']) },
    ],
    false,
  );
  await add(
    `istio/pilot:${ISTIO_VERSION}`,
    [{ 'usr/local/bin/pilot-discovery': await file(programs.istiod) }],
    false,
  );
  await add(
    `istio/istioctl:${ISTIO_VERSION}`,
    [{ 'usr/local/bin/istioctl': await file(programs.istioctl) }],
    true,
  );
  await add(`grafana/k6:${K6.version}`, [{ 'usr/bin/k6': await file(programs.k6) }], true);
  return content;
}

/** A list of their digests, as BREAKWATER_TOOLS_IMAGES takes it. */
export function pinsOf({ tags }: RegistryContent): string {
  return [...tags].map(([name, digest]) => `${name}@${digest}\n`).join('');
}

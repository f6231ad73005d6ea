import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMap, valueAt } from '../../../kit/path.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { list } from '../configuration-hosts.ts';
import { createCertificateAuthority } from './certificates.ts';

/**
 * Certificates of gateways for hosts, of an authority that everybody outside the mesh trusts. In a cluster they would be
 * secrets; here they are files, in the working folder of each proxy, from which its agent reads them.
 */

const folder = 'certificates';

/** What a client outside the mesh trusts, below its proxy's working folder. */
export const trustedRoot = `${folder}/root.pem`;

const chainOf = (name: string) => `${folder}/${name}/chain.pem`;
const keyOf = (name: string) => `${folder}/${name}/key.pem`;

/** Writes every certificate where its gateways look for it, and what clients outside the mesh trust. */
export async function provideHostCertificates({
  topology: { gateways = [] },
  instances,
}: Pick<HostMeshRequest, 'topology' | 'instances'>): Promise<void> {
  if (gateways.every(({ certificates }) => certificates.length === 0)) return;
  const authority = await createCertificateAuthority('public');
  await Promise.all([
    ...instances
      .filter(({ outside }) => outside)
      .map((instance) => write(instance, trustedRoot, authority.root)),
    ...gateways.flatMap(({ name: gateway, certificates }) =>
      certificates.map(async ({ name, hosts }) => {
        const { chain, key } = await authority.issueFor(hosts);
        const replicas = instances.filter(({ service }) => service === gateway);
        await Promise.all(
          replicas.flatMap((instance) => [
            write(instance, chainOf(name), chain),
            write(instance, keyOf(name), key),
          ]),
        );
      }),
    ),
  ]);
}

async function write({ directory }: HostInstance, name: string, content: string): Promise<void> {
  const path = join(directory, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600 });
}

/** A Gateway with files in the place of each secret that it names; any other resource as it is. */
export function withHostCertificates(resource: object): object {
  if (valueAt(resource, ['kind']) !== 'Gateway') return resource;
  const spec = valueAt(resource, ['spec']);
  if (!isMap(spec)) return resource;
  const servers = list(spec['servers']).map((server) => {
    const tls = valueAt(server, ['tls']);
    if (!isMap(server) || !isMap(tls) || typeof tls['credentialName'] !== 'string') return server;
    const { credentialName: name, ...others } = tls;
    return {
      ...server,
      tls: { ...others, serverCertificate: chainOf(String(name)), privateKey: keyOf(String(name)) },
    };
  });
  return { ...resource, spec: { ...spec, servers } };
}

/** The name of the secret that stands behind a certificate of a listener: "file-cert:certificates/shop/chain.pem~…". */
export const certificateNamed = (secret: string): string | undefined =>
  new RegExp(`^file-cert:${folder}/([^/]+)/`).exec(secret)?.[1];

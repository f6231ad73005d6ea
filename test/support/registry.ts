import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versions } from '../../src/environments/kind/versions.ts';
import { ISTIO_VERSION } from '../../src/meshes/istio/version.ts';
import { buildBinaries, registryBuild } from '../air-gap/binaries.ts';
import {
  appBaseImage,
  binary,
  folder,
  hasImage,
  k6Image,
  nodeImage,
  pilotImage,
  pins,
  proxyImage,
  sh,
} from '../air-gap/cache.ts';
import { root } from './breakwater.ts';

const image = `breakwater-test/registry:${pins.registry}-login`;
/** Its name among the nodes. */
const host = 'breakwater-test-registry';
const port = 5_000;
const login = { user: 'breakwater', password: 'breakwater' };
/** The password as bcrypt has it, the only way that the registry takes one. */
const hashed = '$2b$05$2Agd1pWUdnWsPpmMUDEsguhliPPVS0iRpX7lChWZwy3T9WztTZr4O';

/** A registry that runs, with everything that Breakwater takes from one; it answers nobody without a login. */
export interface Registry extends AsyncDisposable {
  /** Its name in those of images: "localhost:40123". */
  readonly name: string;
  /** kind configuration whose nodes find it under that name, and have the login. */
  readonly configuration: string;
  /** Docker's own configuration folder (DOCKER_CONFIG) with the login. */
  readonly dockerConfig: string;
  /** Repositories that an image was given from, "istio/proxyv2"; to the machine's docker or to a node. */
  given(): Promise<readonly string[]>;
}

/**
 * The images of test/air-gap under the names that they have elsewhere, in a registry and nowhere else. To the
 * machine's docker it is a loopback port, to the nodes a container beside them.
 */
export async function startRegistry(directory: string): Promise<Registry> {
  await buildBinaries([registryBuild]);
  if (!(await hasImage(image))) await buildImage();
  // kind uses the network of that name when there is one.
  if ((await sh({ nothrow: true })`docker network inspect kind`).exitCode !== 0) {
    await sh`docker network create kind`;
  }
  await using stack = new AsyncDisposableStack();
  const publish = `127.0.0.1::${port}`;
  await sh`docker run --detach --name ${host} --network kind --publish ${publish} ${image}`;
  stack.defer(async () => {
    await sh`docker rm --force --volumes ${host}`;
  });
  const published = (await sh`docker port ${host} ${port}`).stdout.trim().split(':').at(-1);
  const name = `localhost:${published}`;
  const dockerConfig = join(directory, 'docker');
  mkdirSync(dockerConfig);
  const auth = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  writeFileSync(join(dockerConfig, 'config.json'), JSON.stringify({ auths: { [name]: { auth } } }));
  const images = {
    [nodeImage]: `kindest/node:${versions.kubernetes}`,
    [pilotImage]: `istio/pilot:${ISTIO_VERSION}`,
    [proxyImage]: `istio/proxyv2:${ISTIO_VERSION}`,
    [k6Image]: `grafana/k6:${versions.k6}`,
    [appBaseImage]: `library/node:${versions.node}-slim`,
  };
  stack.defer(async () => {
    const tags = Object.values(images).map((target) => `${name}/${target}`);
    await sh({ nothrow: true })`docker rmi ${tags}`;
  });
  for (const [source, target] of Object.entries(images)) {
    await sh`docker tag ${source} ${name}/${target}`;
    await sh`docker --config ${dockerConfig} push --quiet ${name}/${target}`;
    await sh`docker rmi ${name}/${target}`;
  }
  const filledAt = new Date().toISOString();
  const releases = stack.move();
  return {
    name,
    configuration: await configuration(directory, name),
    dockerConfig,
    async given() {
      const { stdout, stderr } = await sh`docker logs --since ${filledAt} ${host}`;
      const given = `${stdout}${stderr}`.matchAll(
        /"(?:GET|HEAD) \/v2\/(\S+)\/manifests\/\S+ HTTP\/[\d.]+" 200 /g,
      );
      return [...new Set([...given].map(([, repository]) => repository ?? ''))].sort();
    },
    [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
  };
}

async function buildImage(): Promise<void> {
  const context = folder('registry');
  await sh`cp ${binary('registry')} ${context}/registry`;
  const settings = [
    'version: 0.1',
    'log: { accesslog: { disabled: false } }',
    'storage: { filesystem: { rootdirectory: /data } }',
    `http: { addr: ":${port}" }`,
    'auth: { htpasswd: { realm: breakwater, path: /htpasswd } }',
  ];
  writeFileSync(join(context, 'config.yml'), settings.join('\n'));
  writeFileSync(join(context, 'htpasswd'), `${login.user}:${hashed}\n`);
  const dockerfile = ['FROM scratch', 'COPY registry config.yml htpasswd /', 'VOLUME /data'];
  writeFileSync(
    join(context, 'Dockerfile'),
    [...dockerfile, 'ENTRYPOINT ["/registry", "serve", "/config.yml"]'].join('\n'),
  );
  await sh`docker build --quiet --tag ${image} ${context}`;
}

/**
 * The kubelet reads logins from its own folder, containerd from certs.d where a registry really is:
 * https://github.com/containerd/containerd/blob/main/docs/hosts.md
 */
async function configuration(directory: string, name: string): Promise<string> {
  const certificates = join(directory, 'certs.d');
  await sh`mkdir -p ${join(certificates, name)}`;
  writeFileSync(join(certificates, name, 'hosts.toml'), `[host."http://${host}:${port}"]\n`);
  const { stdout } = await sh`cat ${join(root, 'kind-config.yaml')}`;
  const mounts = [
    `{ hostPath: ${join(directory, 'docker/config.json')}, containerPath: /var/lib/kubelet/config.json }`,
    `{ hostPath: ${certificates}, containerPath: /etc/containerd/certs.d }`,
  ];
  const mount = `extraMounts: [${mounts.join(', ')}]`;
  // containerd before 2.0 does not look there by itself.
  const look = `
containerdConfigPatches:
  - |
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
`;
  const file = join(directory, 'kind.yaml');
  writeFileSync(file, stdout.replaceAll(/^( *)- role: .*$/gm, `$&\n$1  ${mount}`) + look);
  return file;
}

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { familiar } from '../../src/environments/kind/images.ts';
import { root } from '../support/breakwater.ts';
import {
  appBaseImage,
  baseImage,
  consulImage,
  folder,
  hasImage,
  k6Image,
  pilotImage,
  proxyImage,
  sh,
  step,
} from './cache.ts';

/** Debian with `packages` in a folder of the cache. */
export async function bootstrap(name: string, packages: readonly string[]): Promise<string> {
  const path = join(folder('debian'), name);
  if (existsSync(`${path}.done`)) return path;
  await step(`debootstrap ${name}`, async () => {
    rmSync(path, { recursive: true, force: true });
    const targets = await sh`apt-get indextargets --format ${'$(REPO_URI)'} ${'Created-By: Packages'}`;
    const mirror = targets.stdout
      .split('\n')
      .find((uri) => uri.includes('/debian') && !uri.includes('security'));
    if (mirror === undefined) throw new Error('apt has no Debian archive');
    const debs = folder('debian/debs');
    await sh`nice -n 10 debootstrap --variant=minbase --cache-dir=${debs} --include=${packages.join(',')} bookworm ${path} ${mirror}`;
    for (const waste of [
      'usr/share/doc',
      'usr/share/man',
      'usr/share/locale',
      'var/cache/apt',
      'var/lib/apt/lists',
    ]) {
      rmSync(join(path, waste), { recursive: true, force: true });
    }
    writeFileSync(`${path}.done`, '');
  });
  return path;
}

const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Debian's base for everything that needs a shell. */
export async function buildBase(): Promise<void> {
  if (await hasImage(baseImage)) return;
  const path = await bootstrap('base', [
    'iptables',
    'iproute2',
    'conntrack',
    'ca-certificates',
    'curl',
    'jq',
    'libatomic1',
  ]);
  await sh`tar -C ${path} -c . | docker import --change ${`ENV ${searchPath}`} - ${baseImage}`;
}

/** An image of files on the base: source → path in the image. */
export async function layer(
  image: string,
  contents: Readonly<Record<string, string>>,
  instructions: readonly string[],
): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'breakwater-image-'));
  const copies = Object.entries(contents).map(([source, target], index) => {
    cpSync(source, join(context, String(index)));
    return `COPY ${index} ${target}`;
  });
  writeFileSync(join(context, 'Dockerfile'), [`FROM ${baseImage}`, ...copies, ...instructions].join('\n'));
  await sh`docker build --quiet --tag ${image} ${context}`;
  rmSync(context, { recursive: true });
}

/** Istio's two images, Consul, k6, and Node.js for the sample app: what Breakwater fetches anyway, on Debian. */
export async function buildRunImages(
  programs: Readonly<Record<string, string>>,
  template: string,
): Promise<void> {
  const program = (name: string) => programs[name] ?? '';
  const wanted: [string, () => Promise<void>][] = [
    [
      pilotImage,
      () =>
        layer(pilotImage, { [program('istiod')]: '/usr/local/bin/pilot-discovery' }, [
          'USER 1337:1337',
          'ENTRYPOINT ["/usr/local/bin/pilot-discovery"]',
        ]),
    ],
    [
      proxyImage,
      () =>
        layer(
          proxyImage,
          {
            [program('envoy')]: '/usr/local/bin/envoy',
            [program('pilot-agent')]: '/usr/local/bin/pilot-agent',
            [template]: '/var/lib/istio/envoy/envoy_bootstrap_tmpl.json',
          },
          ['ENTRYPOINT ["/usr/local/bin/pilot-agent"]'],
        ),
    ],
    [consulImage, () => layer(consulImage, { [program('consul')]: '/usr/local/bin/consul' }, [])],
    [
      k6Image,
      () => layer(k6Image, { [program('k6')]: '/usr/bin/k6' }, ['USER 12345:12345', 'ENTRYPOINT ["k6"]']),
    ],
    [appBaseImage, () => layer(appBaseImage, { [nodeBinary()]: '/usr/local/bin/node' }, [])],
  ];
  for (const [image, build] of wanted) {
    if (!(await hasImage(familiar(image)))) await step(`building ${image}`, build);
  }
}

/** The Node.js that npm has put there for this platform. */
function nodeBinary(): string {
  const modules = join(root, 'node_modules');
  const own = readdirSync(modules)
    .filter((name) => name.startsWith('node-bin-') || name === 'node' || /^node-linux/.test(name))
    .map((name) => join(modules, name, 'bin/node'))
    .find((path) => existsSync(path) && readFileSync(path).subarray(1, 4).toString() === 'ELF');
  return own ?? process.execPath;
}

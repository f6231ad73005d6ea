import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../kit/package-root.ts';
import type { ClusterApi } from '../kubernetes/api.ts';
import { type Run, type Saying, visibly } from '../kubernetes/commands.ts';
import { type KindSettings, kindVariables } from './versions.ts';

const repository = 'docker.io/breakwater/edge-app';

interface Context extends Saying {
  readonly run: Run;
  readonly settings: KindSettings;
  readonly log: string;
  readonly signal: AbortSignal;
}

/** Builds the sample app's image unless docker has it; its tag says what is in it. */
export async function buildApp(context: Context): Promise<string> {
  const { run, settings, signal, log } = context;
  const folder = fileURLToPath(new URL('apps/edge-app/', packageRoot));
  // A base that was made anew under its old name makes another image.
  const base = `${settings.appBase} ${await imageId(context, settings.appBase)}`;
  const image = `${repository}:${await contentHash(folder, base)}`;
  if (await hasImage(context, image)) return image;
  await visibly(`building ${image} on ${settings.appBase}`, context, () =>
    run(
      settings.docker,
      ['build', '--quiet', '--tag', image, '--build-arg', `BASE=${settings.appBase}`, folder],
      {
        what: 'docker build of the sample app',
        timeoutMs: 600_000,
        signal,
        log,
        hint: (said) =>
          cannotHave(
            settings.appBase,
            said,
            'BREAKWATER_KIND_APP_BASE to an image with Node.js 24 or newer, or BREAKWATER_KIND_REGISTRY',
          ),
      },
    ),
  );
  return image;
}

async function contentHash(folder: string, base: string): Promise<string> {
  const hash = createHash('sha256').update(base);
  const files = [
    'Dockerfile',
    'package.json',
    ...(await readdir(join(folder, 'src'), { recursive: true })).map((file) => join('src', file)),
  ];
  for (const file of files
    .filter((name) => /\.(ts|js|json)$|Dockerfile$/.test(name) && !name.endsWith('.test.ts'))
    .sort()) {
    hash.update(relative('.', file)).update(await readFile(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

const hasImage = async (context: Context, image: string) => (await imageId(context, image)) !== '';

/** Empty when docker does not have it. */
async function imageId({ run, settings }: Context, image: string): Promise<string> {
  const said = await run(
    settings.docker,
    ['image', 'ls', '--quiet', '--filter', `reference=${familiar(image)}`],
    {
      what: 'docker image ls',
      timeoutMs: 20_000,
    },
  );
  return said.trim();
}

/** docker leaves its own registry out of names; nodes do not. */
export const familiar = (image: string) => image.replace(/^docker\.io\/(library\/)?/, '');
/** With the registry that docker leaves out. */
export const canonical = (image: string) => {
  if (!image.includes('/')) return `docker.io/library/${image}`;
  return registryOf(image) === undefined ? `docker.io/${image}` : image;
};

/** The registry that an image's name begins with; undefined for docker's own. */
export function registryOf(image: string): string | undefined {
  const [head = '', ...path] = image.split('/');
  return path.length > 0 && /[.:]|^localhost$/.test(head) ? head : undefined;
}

/** Whether a registry that is asked for an image without the login it wants has said that, or may have. */
const wantsLogin = (said: string) =>
  /unauthorized|authorization failed|authentication required|no basic auth credentials|access denied/i.test(
    said,
  );

/** What to do when docker says that it cannot have an image: other settings, or a login. */
export function cannotHave(image: string, said: string, settings: string): string | undefined {
  if (wantsLogin(said)) {
    const login = ['docker login', registryOf(image)].filter(Boolean).join(' ');
    // A registry with logins does not tell strangers what it has not.
    return `there is no ${image}, or its registry wants a login: ${login}, or set ${settings}`;
  }
  return /pull|manifest (unknown|for)|: not found|no such host|timeout/i.test(said)
    ? `docker cannot have ${image}: set ${settings}`
    : undefined;
}

const imageVariables = (
  ['REGISTRY', 'ISTIO_HUB', 'ISTIO_TAG', 'CONSUL_IMAGE', 'ENVOY_IMAGE', 'K6_IMAGE', 'APP_BASE'] as const
)
  .map((name) => `BREAKWATER_KIND_${name} (${kindVariables[name]})`)
  .join(', ');

/** What to do when a node says that it cannot pull an image. */
export function cannotPull(said: string): string {
  const login = wantsLogin(said)
    ? 'give the nodes a login for its registry (BREAKWATER_KIND_CONFIG, see docs/kind.md), '
    : '';
  return `${login}load it into docker (breakwater loads what docker has), or name another place: ${imageVariables}`;
}

export interface WantedImage {
  readonly image: string;
  readonly nodes: readonly string[];
}

/** Brings images that this machine's docker has to the nodes that lack them; all others the nodes pull by themselves. `cluster`: its name. */
export async function loadImages(
  context: Context,
  cluster: string,
  api: ClusterApi,
  wanted: readonly WantedImage[],
): Promise<void> {
  const there = new Map<string, Set<string>>();
  for (const node of (await api.core.listNode()).items) {
    there.set(node.metadata?.name ?? '', new Set(node.status?.images?.flatMap(({ names }) => names ?? [])));
  }
  const lacking = wanted
    .map(({ image, nodes }) => ({
      image,
      nodes: nodes.filter((node) => !there.get(node)?.has(canonical(image))),
    }))
    .filter(({ nodes }) => nodes.length > 0);
  const local = [];
  for (const each of lacking) if (await hasImage(context, each.image)) local.push(each);
  // Images for the same nodes go together.
  const groups = Map.groupBy(local, ({ nodes }) => nodes.join(','));
  for (const [nodes, images] of groups) {
    const names = images.map(({ image }) => familiar(image));
    await visibly(`loading ${names.join(', ')} into the nodes`, context, () =>
      context.run(
        context.settings.kind,
        ['load', 'docker-image', '--name', cluster, '--nodes', nodes, ...names],
        { what: 'kind load', timeoutMs: 600_000, signal: context.signal, log: context.log },
      ),
    );
  }
}

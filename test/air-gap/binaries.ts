import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { binary, folder, moduleFolder, pins, sh, step } from './cache.ts';

interface Build {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** Program → package. */
  readonly packages: Readonly<Record<string, string>>;
  readonly ldflags?: string;
}

const [major, minor] = pins.kubernetes.slice(1).split('.');
const stamp = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  .flatMap((path) => [
    `-X ${path}.gitVersion=${pins.kubernetes}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
    `-X ${path}.gitTreeState=clean`,
  ])
  .join(' ');
const kubernetes = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubeadm',
  'kubectl',
  'kubelet',
];

/** Everything that a node is made of. */
const nodeBuilds: readonly Build[] = [
  { name: 'kind', module: 'sigs.k8s.io/kind', version: pins.kind, packages: { kind: 'sigs.k8s.io/kind' } },
  {
    name: 'kubernetes',
    module: 'k8s.io/kubernetes',
    version: pins.kubernetes,
    packages: Object.fromEntries(kubernetes.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    ldflags: stamp,
  },
  {
    name: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    version: pins.etcd,
    packages: { etcd: 'go.etcd.io/etcd/server/v3' },
  },
  {
    name: 'coredns',
    module: 'github.com/coredns/coredns',
    version: pins.coredns,
    packages: { coredns: 'github.com/coredns/coredns' },
  },
  {
    name: 'crictl',
    module: 'sigs.k8s.io/cri-tools',
    version: pins.crictl,
    packages: { crictl: 'sigs.k8s.io/cri-tools/cmd/crictl' },
  },
];

/** A registry of images, for tests of one's own. */
export const registryBuild: Build = {
  name: 'registry',
  module: 'github.com/distribution/distribution/v3',
  version: pins.registry,
  packages: { registry: 'github.com/distribution/distribution/v3/cmd/registry' },
};

/** Programs from Go modules. What is there is not built again. */
export async function buildBinaries(builds: readonly Build[] = nodeBuilds): Promise<void> {
  for (const build of builds) {
    const missing = Object.keys(build.packages).filter((name) => !existsSync(binary(name)));
    if (missing.length > 0) await step(`building ${missing.join(', ')}`, () => buildModule(build, missing));
  }
}

async function buildModule(build: Build, programs: readonly string[]): Promise<void> {
  const directory = folder(`go/${build.name}-${build.version}`);
  const source = await moduleFolder(`${build.module}@${build.version}`);
  // A module with replacements of its own cannot be installed; one that requires it can be built.
  const staged = readFileSync(join(source, 'go.mod'), 'utf8').matchAll(/^\s*(\S+) => \.\/staging\/\S+/gm);
  const replacements = [...staged].map(([, name]) => {
    const version = build.version.replace(/^v1\./, 'v0.');
    return `replace ${name?.replace(/^replace /, '')} => ${name} ${version}`;
  });
  writeFileSync(
    join(directory, 'go.mod'),
    [
      `module breakwater/test-kind`,
      'go 1.26',
      `require ${build.module} ${build.version}`,
      ...replacements,
    ].join('\n'),
  );
  // Its own sums, as some are in no public database.
  writeFileSync(join(directory, 'go.sum'), readFileSync(join(source, 'go.sum')));
  const imports = Object.values(build.packages).map((path) => `import _ "${path}"`);
  writeFileSync(join(directory, 'tools.go'), `//go:build tools\n\npackage tools\n\n${imports.join('\n')}\n`);
  const inside = sh({ cwd: directory });
  await inside`nice -n 10 go mod tidy -e`;
  const output = join(directory, 'out');
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output);
  const packages = programs.map((name) => build.packages[name] ?? '');
  await inside`nice -n 10 go build -trimpath -ldflags ${`-s -w ${build.ldflags ?? ''}`} -o ${output}/ ${packages}`;
  for (const name of programs) {
    const path = build.packages[name] ?? '';
    // The program of a module's major version is called as the folder above it.
    const built = /^v\d+$/.test(basename(path)) ? basename(join(path, '..')) : basename(path);
    renameSync(join(output, built), binary(name));
  }
}

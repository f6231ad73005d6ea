import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { familiar } from '../../src/environments/kind/images.ts';
import {
  appBaseImage,
  baseImage,
  binary,
  consulImage,
  files,
  folder,
  hasImage,
  k6Image,
  moduleFolder,
  nodeImage,
  pilotImage,
  pins,
  proxyImage,
  sh,
  step,
} from './cache.ts';
import { bootstrap, layer } from './images.ts';

const registry = 'registry.k8s.io';
/** All but the sample app, which is built from what is here now. */
const runImages = [pilotImage, proxyImage, consulImage, k6Image, appBaseImage].map(familiar);
const packages = [
  ...['systemd', 'systemd-sysv', 'conntrack', 'iptables', 'nftables', 'iproute2', 'ethtool', 'util-linux'],
  ...[
    'mount',
    'kmod',
    'socat',
    'containerd',
    'runc',
    'containernetworking-plugins',
    'ca-certificates',
    'curl',
  ],
  ...['jq', 'procps', 'hostname'],
];

/** The image of a kind node: Debian, kind's own files, our binaries, and the images of control plane and runs. */
export async function buildNodeImage(): Promise<void> {
  if (await hasImage(nodeImage)) return;
  const debian = await bootstrap('node', packages);
  let images: string[] = [];
  await step('images of the control plane', async () => {
    images = await controlPlaneImages();
  });
  const stage = join(folder('debian'), 'stage');
  await step('file system of a node', async () => {
    rmSync(stage, { recursive: true, force: true });
    await sh`cp -a ${debian} ${stage}`;
    await furnish(stage);
    await preload(stage, [...images, ...runImages]);
  });
  await step(`image ${nodeImage}`, async () => {
    const files = `${nodeImage.split(':')[0]}-files`;
    await sh`tar -C ${stage} -c . | docker import - ${files}`;
    const dockerfile = [
      `FROM ${files}`,
      'ENV container=docker',
      'STOPSIGNAL SIGRTMIN+3',
      'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
    ].join('\n');
    await sh({ input: dockerfile })`docker build --quiet --tag ${nodeImage} -`;
    rmSync(stage, { recursive: true, force: true });
  });
}

async function controlPlaneImages(): Promise<string[]> {
  const tagged = (name: string, tag: string) => `${registry}/${name}:${tag}`;
  const at = (name: string) => `/usr/local/bin/${name}`;
  const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  const wanted: Record<string, [name: string, path: string]> = {
    ...Object.fromEntries(kubernetes.map((name) => [tagged(name, pins.kubernetes), [name, at(name)]])),
    [tagged('etcd', `${pins.etcd.slice(1)}-0`)]: ['etcd', at('etcd')],
    [tagged('coredns/coredns', pins.coredns)]: ['coredns', '/coredns'],
  };
  for (const [image, [name, path]] of Object.entries(wanted)) {
    await layer(image, { [binary(name)]: path }, [`ENTRYPOINT ["${path}"]`]);
  }
  const pause = tagged('pause', pins.pause);
  await layer(pause, {}, ['ENTRYPOINT ["/bin/sleep", "infinity"]']);
  const images = [...Object.keys(wanted), pause];
  const asked = await sh`${binary('kubeadm')} config images list --kubernetes-version ${pins.kubernetes}`;
  const lacking = asked.stdout.split('\n').filter((image) => image !== '' && !images.includes(image));
  if (lacking.length > 0) throw new Error(`kubeadm wants ${lacking.join(', ')}: adapt pins in cache.ts`);
  return [...images, baseImage];
}

async function furnish(stage: string): Promise<void> {
  const inside = (...path: string[]) => join(stage, ...path);
  const kind = join(await moduleFolder(`sigs.k8s.io/kind@${pins.kind}`), 'images/base/files');
  await sh`cp -r --no-preserve=mode ${['etc', 'kind', 'usr'].map((name) => join(kind, name))} ${stage}/`;
  for (const directory of ['usr/local/bin', 'kind/bin']) {
    for (const name of readdirSync(inside(directory))) await sh`chmod 755 ${inside(directory, name)}`;
  }
  for (const name of ['kubeadm', 'kubectl', 'kubelet']) copyFileSync(binary(name), inside('usr/bin', name));
  copyFileSync(binary('crictl'), inside('usr/local/bin/crictl'));
  // Found before the real one, which it calls.
  mkdirSync(inside('usr/local/sbin'), { recursive: true });
  copyFileSync(join(files, 'fit-runtime.sh'), inside('usr/local/sbin/runc'));
  await sh`chmod 755 ${inside('usr/local/sbin/runc')}`;
  for (const name of ['containerd', 'containerd-shim-runc-v2', 'ctr']) {
    rmSync(inside('usr/local/bin', name), { force: true });
    symlinkSync(`/usr/bin/${name}`, inside('usr/local/bin', name));
  }
  for (const directory of ['opt/cni/bin', 'etc/cni/net.d', 'etc/kubernetes/manifests', 'kind/manifests']) {
    mkdirSync(inside(directory), { recursive: true });
  }
  for (const name of ['host-local', 'loopback', 'ptp', 'portmap']) {
    cpSync(inside('usr/lib/cni', name), inside('opt/cni/bin', name));
  }
  writeFileSync(inside('kind/version'), pins.kubernetes);
  for (const name of ['default-cni.yaml', 'default-storage.yaml']) {
    copyFileSync(join(files, name), inside('kind/manifests', name));
  }
  const containerd = inside('etc/containerd/config.toml');
  writeFileSync(
    containerd,
    readFileSync(containerd, 'utf8')
      .replace('restrict_oom_score_adj = false', 'restrict_oom_score_adj = true')
      .replaceAll(/registry\.k8s\.io\/pause:[\d.]+/g, `${registry}/pause:${pins.pause}`),
  );
  // The kubelet refuses cgroup v1 unless it is told otherwise.
  writeFileSync(
    inside('etc/default/kubelet'),
    'KUBELET_EXTRA_ARGS=--runtime-cgroups=/system.slice/containerd.service --fail-cgroupv1=false\n',
  );
  const spec = JSON.parse((await sh`ctr oci spec`).stdout);
  delete spec.process.rlimits;
  writeFileSync(inside('etc/containerd/cri-base.json'), JSON.stringify(spec));
  await quietSystemd(stage);
}

/** A node starts containerd and the kubelet, and nothing of what a machine would. */
async function quietSystemd(stage: string): Promise<void> {
  const drop = (directory: string, unwanted: RegExp) => {
    let names: string[] = [];
    try {
      names = readdirSync(join(stage, directory));
    } catch {
      return;
    }
    for (const name of names.filter((each) => unwanted.test(each))) rmSync(join(stage, directory, name));
  };
  const units = 'lib/systemd/system';
  for (const target of ['multi-user', 'local-fs', 'basic']) drop(`${units}/${target}.target.wants`, /./);
  drop(`${units}/sysinit.target.wants`, /^systemd-tmpfiles-setup\.service$/);
  drop(`${units}/sockets.target.wants`, /udev|initctl/);
  for (const name of readdirSync(join(stage, 'etc/systemd/system')).filter((each) =>
    each.endsWith('.wants'),
  )) {
    drop(`etc/systemd/system/${name}`, /./);
  }
  appendFileSync(join(stage, 'etc/systemd/journald.conf'), 'ReadKMsg=no\n');
  await sh`chroot ${stage} systemctl enable -q kubelet.service containerd.service undo-mount-hacks.service`;
  await sh`chroot ${stage} systemctl mask -q systemd-binfmt.service`;
  for (const name of ['hostname', 'resolv.conf']) rmSync(join(stage, 'etc', name), { force: true });
  writeFileSync(join(stage, 'etc/machine-id'), '');
}

/** Puts images into the node's containerd; they are unpacked when first used. */
async function preload(stage: string, images: readonly string[]): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'breakwater-containerd-'));
  const address = join(state, 'socket');
  const daemon = spawn(
    'containerd',
    [
      ...['--root', join(stage, 'var/lib/containerd'), '--state', join(state, 'state')],
      ...['--address', address, '--config', '/dev/null'],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  try {
    for (let tries = 0; tries < 50; tries++) {
      if ((await sh`ctr -a ${address} version`.nothrow()).exitCode === 0) break;
      await sleep(200);
    }
    await sh`docker save ${images} | ctr -a ${address} -n k8s.io images import --all-platforms --no-unpack --digests -`;
  } finally {
    daemon.kill();
    await ended;
    rmSync(state, { recursive: true, force: true });
  }
}

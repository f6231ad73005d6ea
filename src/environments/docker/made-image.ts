import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { environmentError } from '../../kit/errors.ts';
import { runProgram } from '../../kit/run-program.ts';
import { pack } from '../../toolchain/tar.ts';

/** What an image is made of: path in it → file of this machine. */
export type Contents = Readonly<Record<string, string>>;

/** Where programs that only the system has may be. */
const systemFolders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
const redirection = /^(ip6?tables(-legacy|-nft)?(-save|-restore)?|xtables-(legacy|nft)-multi)$/;

/**
 * The files of an image that any of a lab's containers can run in: the programs, what keeps a network open (`sleep`),
 * what captures it (`iptables` with its extensions), and the libraries that all of these want.
 */
export async function imageContents(programs: Contents): Promise<Contents> {
  const own = [
    found('sleep', 'coreutils'),
    ...redirectors(),
    ...libraryFolders().flatMap((folder) => filesIn(join(folder, 'xtables'), /\.so$/)),
  ];
  const files = { ...programs, ...Object.fromEntries(own.map((path) => [path, path])) };
  const libraries = await librariesOf([...new Set(Object.values(files))]);
  return { ...files, ...Object.fromEntries(libraries.map((path) => [path, path])) };
}

function found(name: string, from: string): string {
  const path = systemFolders.map((folder) => join(folder, name)).find((each) => existsSync(each));
  if (path !== undefined) return path;
  throw environmentError(
    `images cannot be made here: there is no ${name}`,
    `install ${from}, or let Docker pull the images (BREAKWATER_DOCKER_REGISTRY names a registry that has them)`,
  );
}

function redirectors(): string[] {
  found('iptables', 'iptables');
  return systemFolders.filter((folder) => !isLink(folder)).flatMap((folder) => filesIn(folder, redirection));
}

const isLink = (folder: string) => existsSync(folder) && realpathSync(folder) !== folder;
const libraryFolders = () => ['/usr/lib', ...filesIn('/usr/lib', /-linux-gnu/)];
const filesIn = (folder: string, wanted: RegExp) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => wanted.test(name))
        .map((name) => join(folder, name))
    : [];

/** Paths of the libraries that programs and libraries want, as they name them; of those that want none it fails, and tells the others all the same. */
async function librariesOf(paths: readonly string[]): Promise<string[]> {
  const said = await runProgram({ program: 'ldd', args: paths, group: 'own', timeoutMs: 120_000 });
  if (said.ended !== 'ok' && said.ended !== 'failed') {
    throw environmentError(
      'images cannot be made here: ldd does not say which libraries programs want',
      'let Docker pull the images (BREAKWATER_DOCKER_REGISTRY names a registry that has them)',
    );
  }
  return [...said.stdout.matchAll(/(?:=>\s+|^\s*)(\/\S+)\s+\(0x/gm)].map(([, library]) => library ?? '');
}

/** Of each of these a piece is looked at: all of 600 MB would take a second or two of every run. */
const sampledBytes = 1 << 20;
const pieceBytes = 4_096;

/**
 * "breakwater/lab:1f0c…": by what is in it, wherever that lies and whenever it was put there: programs that are
 * installed anew make no other image.
 */
export function imageName(contents: Contents): string {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(pieceBytes);
  for (const path of Object.keys(contents).sort()) {
    const file = openSync(contents[path] ?? '', 'r');
    try {
      const { size } = fstatSync(file);
      hash.update(`${path} ${size}\n`);
      const stepBytes = size > sampledBytes ? sampledBytes : pieceBytes;
      for (let at = 0; at < size; at += stepBytes) {
        hash.update(piece.subarray(0, readSync(file, piece, 0, pieceBytes, at)));
      }
    } finally {
      closeSync(file);
    }
  }
  return `breakwater/lab:${hash.digest('hex').slice(0, 12)}`;
}

/** The image as a tar archive, without a base: what `docker import` takes. */
export function imageArchive(contents: Contents): Readable {
  const archive = pack();
  const write = async () => {
    for (const [folder, mode] of [
      ['tmp', 0o1777],
      ['run', 0o755],
      ['var/tmp', 0o1777],
    ] as const) {
      archive.entry({ name: `${folder}/`, type: 'directory', mode });
    }
    archive.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\n');
    // Without it some resolvers look nowhere.
    archive.entry({ name: 'etc/nsswitch.conf' }, 'hosts: files dns\n');
    for (const [path, source] of Object.entries(contents)) {
      const real = realpathSync(source);
      // One program under many names, by which it knows what it is to do.
      if (redirection.test(basename(path)) && basename(real) !== basename(path)) {
        archive.entry({ name: path.slice(1), type: 'symlink', linkname: real });
        continue;
      }
      const entry = archive.entry({ name: path.slice(1), size: statSync(real).size, mode: 0o755 });
      await pipeline(createReadStream(real), entry);
    }
    archive.finalize();
  };
  write().catch((error: Error) => archive.destroy(error));
  return archive as unknown as Readable;
}

import { dirname } from 'node:path/posix';
import type { Readable } from 'node:stream';
import type { ContainerFile } from '../../meshes/contract.ts';
import { extract, pack } from '../../toolchain/tar.ts';

/** Files as Docker takes them into a container, whose folders below `directory`, and that itself, belong to a user. */
export function filesArchive(
  files: readonly ContainerFile[],
  owner: { readonly user: number; readonly directory: string },
): Readable {
  const archive = pack();
  const { user, directory } = owner;
  const folders = new Set([directory]);
  for (const { path } of files) {
    for (let folder = dirname(path); folder.startsWith(`${directory}/`); folder = dirname(folder)) {
      folders.add(folder);
    }
  }
  const belongs = { uid: user, gid: user };
  for (const folder of [...folders].sort()) {
    archive.entry({ ...belongs, name: `${folder.slice(1)}/`, type: 'directory', mode: 0o755 });
  }
  for (const { path, content, mode = 0o644 } of files) {
    archive.entry({ ...belongs, name: path.slice(1), mode }, content);
  }
  archive.finalize();
  return archive as unknown as Readable;
}

/** Hands over what is in the one file of an archive that Docker gives, piece by piece. */
export async function readArchive(
  archive: NodeJS.ReadableStream,
  take: (piece: Buffer) => void | Promise<void>,
): Promise<void> {
  const entries = extract();
  archive.once('error', (error: Error) => entries.destroy(error));
  archive.pipe(entries as unknown as NodeJS.WritableStream);
  for await (const entry of entries) {
    for await (const piece of entry) await take(piece as Buffer);
  }
}

/** What is in the one file of an archive. */
export async function textIn(archive: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  await readArchive(archive, (piece) => {
    pieces.push(piece);
  });
  return Buffer.concat(pieces).toString('utf8');
}

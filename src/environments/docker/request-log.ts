import { createWriteStream } from 'node:fs';
import type { HostInstance } from '../../meshes/contract.ts';
import { sidecarOf } from '../replicas.ts';
import { reopenLog } from '../sidecar-admin.ts';
import { readArchive } from './archive.ts';
import type { LabParts } from './context.ts';

/** Puts an empty file in the place of a sidecar's log of requests; one that runs opens it when it next writes. */
export async function emptyLog(
  host: HostInstance,
  { containers, containerMesh, mesh }: Pick<LabParts, 'containers' | 'containerMesh' | 'mesh'>,
): Promise<void> {
  const sidecar = containers.known(sidecarOf(host.name));
  await containers.give(sidecar, [{ path: containerMesh.accessLog, content: '' }]);
  if (!sidecar.runs) return;
  await reopenLog(host, mesh.sidecar).catch((error: unknown) => {
    // One that dies just now is the lab's loss, and told as that.
    if (sidecar.runs) throw error;
  });
}

/** Copies a sidecar's log of requests out of its container, whether that runs or not; what could not be had. */
export async function fetchLog(
  { name }: HostInstance,
  path: string,
  { containers, containerMesh, docker }: Pick<LabParts, 'containers' | 'containerMesh' | 'docker'>,
): Promise<string[]> {
  const { container } = containers.known(sidecarOf(name));
  const file = createWriteStream(path);
  const missing: string[] = [];
  try {
    const archive = await docker.container.fetchArchive(container, containerMesh.accessLog);
    await readArchive(archive, async (piece) => {
      if (!file.write(piece)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
    });
  } catch (error) {
    missing.push(`the log of requests of ${name}: ${(error as Error).message}`);
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
  return missing;
}

import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostInstance } from '../../meshes/contract.ts';
import { sidecarOf } from '../replicas.ts';
import { reopenLog } from '../sidecar-admin.ts';
import type { LabContext } from './context.ts';

/** Name of the file in a sidecar's working folder that it logs requests to. */
export const REQUEST_LOG = 'access.log';
/** Where requests go that belong to no trial. */
const nowhere = '/dev/null';

/**
 * A sidecar's log of requests is a link that leads into the evidence of the trial that is on. Envoy follows it
 * when it opens the log, so that each trial has a file of its own without a line being copied.
 */
export async function leadLogTo(instance: HostInstance, target: string = nowhere): Promise<void> {
  const link = join(instance.directory, REQUEST_LOG);
  const fresh = `${link}.new`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, link);
}

/** Leads every sidecar's log of requests into a folder, or nowhere; one that does not run does so when it starts. */
export async function leadLogs(
  { layout, mesh, programs }: Pick<LabContext, 'layout' | 'mesh' | 'programs'>,
  folder?: string,
): Promise<void> {
  await Promise.all(
    layout.hosts.map(async (host) => {
      await leadLogTo(host, folder === undefined ? nowhere : join(folder, `${host.name}.log`));
      const sidecar = programs.find(sidecarOf(host.name));
      if (!sidecar) return;
      await reopenLog(host, mesh.sidecar).catch((error: unknown) => {
        // A sidecar that dies just now is the lab's loss, and told as that; one that only just starts, as after an
        // interruption, has opened no log yet.
        const isStarting = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
        if (sidecar.exit === undefined && !isStarting) throw error;
      });
    }),
  );
}

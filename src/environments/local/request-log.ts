import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostInstance } from '../../meshes/contract.ts';

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

import { environmentError } from '../kit/errors.ts';
import { type NotYet, notYet } from '../kit/eventually.ts';
import { http } from '../kit/http.ts';
import type { HostInstance, MeshSidecar } from '../meshes/contract.ts';

const adminTimeoutMs = 2_000;

/** A sidecar's admin interface that does not answer. */
class AdminSilence extends Error {}

/** What a sidecar says of itself: paths of its admin interface → bodies. */
export function askSidecar({ admin }: HostInstance, paths: readonly string[]): Promise<string[]> {
  return Promise.all(
    paths.map(async (path) => {
      const answer = await http(`http://${admin}${path}`, { timeoutMs: adminTimeoutMs }).catch(
        (error: Error) => {
          throw new AdminSilence(error.message);
        },
      );
      return answer.body;
    }),
  );
}

/** An Envoy that takes much configuration answers nobody meanwhile: it is asked again. */
export async function patiently<T>(attempt: () => Promise<T | NotYet>): Promise<T | NotYet> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AdminSilence) return notYet(`its Envoy does not answer yet (${error.message})`);
    throw error;
  }
}

/** GET of a sidecar's admin interface, once: path with query → body. */
export async function readAdmin(
  { name, admin }: HostInstance,
  path: string,
  timeoutMs: number,
): Promise<string> {
  const { status, body } = await http(`http://${admin}${path}`, { timeoutMs });
  if (status !== 200) throw environmentError(`${name}'s sidecar answered ${status} to ${path}`);
  return body;
}

/** Tells a sidecar that runs to open its log anew, which it does when it next has something to write. */
export async function reopenLog(instance: HostInstance, sidecar: MeshSidecar): Promise<void> {
  const { status } = await http(`http://${instance.admin}${sidecar.reopenLogPath}`, {
    method: 'POST',
    timeoutMs: 2_000,
  });
  if (status !== 200) throw environmentError(`${instance.name}'s sidecar answered ${status} to a new log`);
}

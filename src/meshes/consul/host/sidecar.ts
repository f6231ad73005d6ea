import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '../../../kit/http.ts';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import { usualLife } from '../../../model/topology.ts';
import type { HostInstance, HostMeshRequest } from '../../contract.ts';
import { bootstrap, envoyOptions } from '../agent/bootstrap.ts';
import type { Datacenter } from '../datacenters.ts';
import { proxyId } from '../names.ts';
import { ADMIN_PORT, agentPort } from './ports.ts';

const adminTimeoutMs = 5_000;
const BOOTSTRAP = 'bootstrap.json';

/** Writes what a sidecar's Envoy starts with. */
export async function prepareSidecar(
  instance: HostInstance,
  datacenter: Datacenter,
  request: HostMeshRequest,
): Promise<void> {
  const content = bootstrap({
    id: proxyId(instance.name),
    service: instance.service,
    admin: { address: instance.address, port: request.port(ADMIN_PORT) },
    agent: { address: request.address, port: request.port(agentPort('discovery', datacenter)) },
    finds: 'STATIC',
  });
  await writeFile(join(instance.directory, BOOTSTRAP), JSON.stringify(content, undefined, 2));
}

/** Where a sidecar's own words go. */
export function sidecarLog(instance: string, logs: string): string {
  return join(logs, `${instance}.sidecar.log`);
}

/** The Envoy of one replica. */
export function sidecarProgram(instance: HostInstance, request: HostMeshRequest): ProgramSpec {
  return {
    name: `${instance.name}/sidecar`,
    command: request.programs['envoy'] ?? '',
    args: ['-c', join(instance.directory, BOOTSTRAP), ...envoyOptions(request.topology.concurrency)],
    env: { PATH: process.env['PATH'] ?? '', HOME: instance.directory },
    cwd: instance.directory,
    log: sidecarLog(instance.name, request.logs),
  };
}

/**
 * Has a sidecar take no new connections and go on with those that it has, as consul-dataplane does that is told to end
 * (`-shutdown-drain-listeners`, `-shutdown-grace-period-seconds`): an Envoy by itself ends at once.
 */
export async function drainSidecar(
  { admin, sidecar: { drainMs } = usualLife }: HostInstance,
  signal: AbortSignal,
): Promise<void> {
  if (drainMs === 0) return;
  await http(`http://${admin}/drain_listeners?inboundonly&graceful`, {
    method: 'POST',
    timeoutMs: adminTimeoutMs,
  });
  await sleep(drainMs, undefined, { signal });
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { agentSettings } from '../agent/settings.ts';
import type { Datacenter } from '../datacenters.ts';
import { type AgentPort, agentPort } from './ports.ts';

/** "consul", or "consul-west" where there are others. */
const nameOf = ({ network }: Datacenter, what = 'consul') =>
  network === undefined ? what : `${what}-${network}`;

const servicesFile = (datacenter: Datacenter, { directory }: HostMeshRequest) =>
  join(directory, `${nameOf(datacenter, 'services')}.json`);

/** Writes what an agent reads of services and sidecars when it starts, and when it is asked to read again. */
export async function writeServices(
  datacenter: Datacenter,
  request: HostMeshRequest,
  services: readonly object[],
): Promise<void> {
  await writeFile(servicesFile(datacenter, request), JSON.stringify({ services }, undefined, 2));
}

/**
 * Writes the configuration of the agent; returns how to start it. What entries and peers it has is in a folder of the
 * lab's, so that one that is started again has them as before.
 */
export async function prepareAgent(datacenter: Datacenter, request: HostMeshRequest): Promise<ProgramSpec> {
  const name = nameOf(datacenter);
  const path = join(request.directory, `${nameOf(datacenter, 'agent')}.json`);
  const own = (what: AgentPort) => request.port(agentPort(what, datacenter));
  const settings = agentSettings({
    datacenter,
    bindAddress: request.address,
    clientAddress: request.address,
    ports: {
      http: own('http'),
      grpc: own('grpc'),
      rpc: own('rpc'),
      gossip: own('gossip'),
      ...(datacenter.peers.length === 0 ? {} : { peers: own('peers') }),
    },
    dataFolder: join(request.directory, name),
  });
  await writeFile(path, JSON.stringify(settings, undefined, 2));
  return {
    name,
    command: request.programs['consul'] ?? '',
    args: [
      'agent',
      '-config-file',
      path,
      '-config-file',
      servicesFile(datacenter, request),
      '-log-level',
      'warn',
    ],
    env: { PATH: process.env['PATH'] ?? '', HOME: request.directory },
    cwd: request.directory,
    log: join(request.logs, `${name}.log`),
  };
}

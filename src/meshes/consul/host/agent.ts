import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { CLUSTER_ID, DATACENTER } from '../names.ts';
import { agentPorts } from './ports.ts';

const servicesFile = ({ directory }: HostMeshRequest) => join(directory, 'services.json');

/** Writes what an agent reads of services and sidecars when it starts, and when it is asked to read again. */
export async function writeServices(request: HostMeshRequest, services: readonly object[]): Promise<void> {
  await writeFile(servicesFile(request), JSON.stringify({ services }, undefined, 2));
}

/**
 * Writes the configuration of the agent, which is the one server of its datacenter as well; returns how to start it.
 * What entries it has is in a folder of the lab's, so that one that is started again has them as before.
 * https://developer.hashicorp.com/consul/docs/agent/config/config-files
 */
export async function prepareAgent(request: HostMeshRequest): Promise<ProgramSpec> {
  const path = join(request.directory, 'agent.json');
  const { discovery: _, ...ports } = agentPorts;
  const own = Object.fromEntries(
    Object.entries(ports).map(([name, usual]) => [name, request.port(usual)]),
  ) as Record<keyof typeof ports, number>;
  const settings = {
    node_name: 'lab',
    datacenter: DATACENTER,
    server: true,
    bootstrap: true,
    data_dir: join(request.directory, 'consul'),
    bind_addr: request.address,
    client_addr: request.address,
    ports: {
      http: own.http,
      grpc: own.grpc,
      server: own.rpc,
      serf_lan: own.gossip,
      serf_wan: -1,
      dns: -1,
      https: -1,
      grpc_tls: -1,
    },
    // The times of an election are for one server alone, which nobody else can be quicker than.
    performance: { raft_multiplier: 1 },
    connect: { enabled: true, ca_config: { cluster_id: CLUSTER_ID } },
    disable_update_check: true,
    limits: { http_max_conns_per_client: 1_000 },
  };
  await writeFile(path, JSON.stringify(settings, undefined, 2));
  return {
    name: 'consul',
    command: request.programs['consul'] ?? '',
    args: ['agent', '-config-file', path, '-config-file', servicesFile(request), '-log-level', 'warn'],
    env: { PATH: process.env['PATH'] ?? '', HOME: request.directory },
    cwd: request.directory,
    log: join(request.logs, 'consul.log'),
  };
}

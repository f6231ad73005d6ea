import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramSpec } from '../../../kit/supervisor/client.ts';
import type { HostMeshRequest } from '../../contract.ts';
import { agentSettings } from '../agent/settings.ts';
import { agentPorts } from './ports.ts';

const servicesFile = ({ directory }: HostMeshRequest) => join(directory, 'services.json');

/** Writes what an agent reads of services and sidecars when it starts, and when it is asked to read again. */
export async function writeServices(request: HostMeshRequest, services: readonly object[]): Promise<void> {
  await writeFile(servicesFile(request), JSON.stringify({ services }, undefined, 2));
}

/**
 * Writes the configuration of the agent; returns how to start it. What entries it has is in a folder of the lab's, so
 * that one that is started again has them as before.
 */
export async function prepareAgent(request: HostMeshRequest): Promise<ProgramSpec> {
  const path = join(request.directory, 'agent.json');
  const settings = agentSettings({
    bindAddress: request.address,
    clientAddress: request.address,
    ports: {
      http: request.port(agentPorts.http),
      grpc: request.port(agentPorts.grpc),
      rpc: request.port(agentPorts.rpc),
      gossip: request.port(agentPorts.gossip),
    },
    dataFolder: join(request.directory, 'consul'),
  });
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

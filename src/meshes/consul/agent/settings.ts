import type { Datacenter } from '../datacenters.ts';

interface AgentRequest {
  readonly datacenter: Datacenter;
  /** Where it speaks with other servers; of its own datacenter there are none. */
  readonly bindAddress: string;
  /** Where it takes requests. */
  readonly clientAddress: string;
  readonly ports: {
    readonly http: number;
    readonly grpc: number;
    readonly rpc: number;
    readonly gossip: number;
    /** Where the agents of peers find it; only where there are any. */
    readonly peers?: number;
  };
  /** Folder for what it knows. */
  readonly dataFolder: string;
}

/**
 * The configuration of an agent that is the one server of its datacenter as well.
 * https://developer.hashicorp.com/consul/docs/agent/config/config-files
 */
export const agentSettings = ({
  datacenter,
  bindAddress,
  clientAddress,
  ports,
  dataFolder,
}: AgentRequest): object => ({
  node_name: 'lab',
  datacenter: datacenter.name,
  server: true,
  bootstrap: true,
  data_dir: dataFolder,
  bind_addr: bindAddress,
  client_addr: clientAddress,
  ports: {
    http: ports.http,
    grpc: ports.grpc,
    server: ports.rpc,
    serf_lan: ports.gossip,
    serf_wan: -1,
    dns: -1,
    https: -1,
    grpc_tls: ports.peers ?? -1,
  },
  // The times of an election are for one server alone, which nobody else can be quicker than.
  performance: { raft_multiplier: 1 },
  connect: { enabled: true, ca_config: { cluster_id: datacenter.clusterId } },
  disable_update_check: true,
  limits: { http_max_conns_per_client: 1_000 },
});

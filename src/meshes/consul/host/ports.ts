import { MOST_NETWORKS } from '../datacenters.ts';

/**
 * Usual ports of the first agent, on the control plane's address: `discovery` is where sidecars look for it, through the
 * gate, and `peers` where other agents do.
 */
const agentPorts = {
  discovery: 8_502,
  grpc: 8_503,
  peers: 8_504,
  http: 8_500,
  rpc: 8_300,
  gossip: 8_301,
} as const;

export type AgentPort = keyof typeof agentPorts;

/** Usual port of an agent by its place among those of the lab, which share an address. */
export const agentPort = (what: AgentPort, { index }: { readonly index: number }): number =>
  agentPorts[what] + 10 * index;

/** Envoy's admin interface, on the address of its instance. */
export const ADMIN_PORT = 19_000;

/** The first of the ports on which a sidecar takes calls, one for each service that there is. */
const FIRST_UPSTREAM = 21_000;

/** More services than that no lab has. */
export const MOST_SERVICES = 60;

/** Usual port for calls of a service by its place among those that can be called. */
export const upstreamPort = (index: number): number => FIRST_UPSTREAM + index;

/** That of the marker. */
export const MARKER_PORT = FIRST_UPSTREAM + MOST_SERVICES;

export const hostPorts = {
  admin: ADMIN_PORT,
  others: [
    ...Array.from({ length: MOST_NETWORKS }, (_, index) =>
      Object.values(agentPorts).map((usual) => usual + 10 * index),
    ).flat(),
    ...Array.from({ length: MOST_SERVICES }, (_, index) => upstreamPort(index)),
    MARKER_PORT,
  ],
} as const;

import type { Evidence } from '../../evidence/evidence.ts';
import { DIRECT, UNKNOWN_CALL } from '../../evidence/requests.ts';
import { isClient } from '../../model/topology.ts';
import type { Report } from '../../report/model.ts';
import { phaseNames } from '../traffic/phases.ts';
import type { Traffic } from '../traffic/traffic.ts';

type Topology = Report['topology'];

/**
 * Who called whom, apps that called onward among them, counting every attempt: those that a server saw, and those that
 * never got there. A call counts in the window of the request that it was made for. Into another network it goes from
 * the caller to a gateway, and from that to a server.
 */
export function topologyOf(evidence: Evidence, traffic: Traffic, phases: Uint8Array): Topology {
  const { instances } = evidence.context;
  const { requests, arrivals, calls, endings } = evidence;
  const edges = new Map<number, { requests: number[]; failed: number[] }>();
  const tally = (from: number, to: number, phase: number, failed: boolean) => {
    const key = from * 65_536 + to;
    let edge = edges.get(key);
    if (edge === undefined) {
      edge = { requests: phaseNames.map(() => 0), failed: phaseNames.map(() => 0) };
      edges.set(key, edge);
    }
    for (let bit = 0; bit < phaseNames.length; bit += 1) {
      if (((phase >> bit) & 1) === 0) continue;
      edge.requests[bit] = (edge.requests[bit] ?? 0) + 1;
      if (failed) edge.failed[bit] = (edge.failed[bit] ?? 0) + 1;
    }
  };
  for (let row = 0; row < arrivals.length; row += 1) {
    const request = arrivals.request[row] as number;
    const ending = endings[arrivals.ending[row] as number];
    const call = arrivals.call[row] as number;
    if (request < 0 || ending === undefined || call === UNKNOWN_CALL) continue;
    const instance = arrivals.instance[row] as number;
    const phase = phases[request] as number;
    const failed = ending.outcome !== 'ok';
    const from = call === DIRECT ? (requests.client[request] as number) : (calls.caller[call] as number);
    const { via } = traffic.endings[traffic.endingOf[request] as number] ?? {};
    // An attempt that reached somebody of the caller's own network went through no gateway.
    const gateway =
      call === DIRECT && via !== undefined && instances[via]?.network === instances[instance]?.network
        ? via
        : undefined;
    if (gateway !== undefined) tally(from, gateway, phase, failed);
    tally(gateway ?? from, instance, phase, failed);
  }
  for (let row = 0; row < traffic.length; row += 1) {
    const ending = traffic.endings[traffic.endingOf[row] as number];
    if (requests.arrivals[row] !== 0 || ending === undefined || ending.instance < 0) continue;
    tally(requests.client[row] as number, ending.instance, phases[row] as number, ending.outcome !== 'ok');
  }
  for (let row = 0; row < calls.length; row += 1) {
    const ending = traffic.endings[calls.ending[row] as number];
    const request = calls.request[row] as number;
    if (calls.arrivals[row] !== 0 || request < 0 || ending === undefined || ending.instance < 0) continue;
    tally(calls.caller[row] as number, ending.instance, phases[request] as number, ending.outcome !== 'ok');
  }
  const name = (index: number) => instances[index]?.name ?? '-';
  return {
    clients: instances.filter(isClient).map((each) => ({
      name: each.name,
      zone: each.locality,
      ...(each.network === undefined ? {} : { network: each.network }),
    })),
    instances: instances
      .filter((each) => !isClient(each))
      .map((each) => ({
        name: each.name,
        service: each.service,
        workload: each.workload,
        zone: each.locality,
        address: each.addresses.join(', '),
        ...(each.network === undefined ? {} : { network: each.network }),
        ...(each.gateway === undefined ? {} : { gateway: each.gateway }),
      })),
    edges: [...edges]
      .sort(([a], [b]) => a - b)
      .map(([key, edge]) => ({
        from: name(Math.floor(key / 65_536)),
        to: name(key % 65_536),
        byWindow: Object.fromEntries(
          phaseNames.map((phase, bit) => [
            phase,
            { requests: edge.requests[bit] ?? 0, failed: edge.failed[bit] ?? 0 },
          ]),
        ),
      })),
  };
}

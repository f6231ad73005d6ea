import { quote, suggest } from '../kit/nearest.ts';
import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';
import { type Instance, type InstanceSelector, isClient, isGateway, isServer, matches } from './topology.ts';

/** Why a target is nobody of those that may be meant, servers unless given; its path is within the target. */
export function mistakeInTarget(
  target: InstanceSelector,
  replicas: readonly Instance[],
  may: (each: Instance) => boolean = isServer,
): Mistake | undefined {
  for (const field of ['service', 'workload'] as const) {
    const name = target[field];
    if (name === undefined) continue;
    const those = replicas.filter((replica) => replica[field] === name);
    const known = [...new Set(replicas.filter(may).map((replica) => replica[field]))];
    if (those.length === 0)
      return wrong([field], `there is no ${field} ${quote(name)}`, suggest(name, known));
    if (!those.some(may)) {
      const forServers = replicas.some((each) => isServer(each) && may(each));
      return wrong([field], whyNot(name, those, forServers), suggest(name, known));
    }
  }
  if (target.zone !== undefined && !replicas.some((replica) => matches(replica, { zone: target.zone }))) {
    const zones = [...new Set(replicas.map(({ locality }) => locality))];
    return wrong(['zone'], `nothing runs in ${quote(target.zone)}`, suggest(target.zone, zones));
  }
  if (target.workload !== undefined && target.replica !== undefined) {
    const count = replicas.filter(({ workload }) => workload === target.workload).length;
    if (target.replica > count) {
      return wrong(['replica'], `${target.workload} has ${count} ${count === 1 ? 'replica' : 'replicas'}`);
    }
  }
  const hit = replicas.filter((replica) => may(replica) && matches(replica, target));
  if (hit.length > 0) return undefined;
  const only = target.service === undefined && target.workload === undefined;
  const clients = [...new Set(replicas.filter(isClient).map(({ service }) => service))].join(', ');
  return wrong(
    [],
    only ? `only the load (${clients}) runs in ${target.zone}` : 'no replica is all of this at once',
  );
}

/** Why replicas cannot be meant by something that is for servers among others, or for none of them. */
function whyNot(name: string, [first]: readonly Instance[], forServers: boolean): string {
  if (!forServers) return `${quote(name)} is no gateway that clients outside the mesh call`;
  return first !== undefined && isGateway(first)
    ? `${quote(name)} is a gateway; it runs no app that answers or could misbehave`
    : `${quote(name)} is a client (load.from); it runs no app, the load stands in for it`;
}

const wrong = (path: Path, message: string, hint?: string): Mistake => ({ path, at: 'value', message, hint });

import { type Instance, isServer } from '../model/topology.ts';

/** What a replica that is told to stop has for it, as a pod has; then it is killed. */
export const stopGraceMs = 30_000;

/**
 * Those that run apps, in the order in which a lab starts them: first those that ask nobody for anything at their start,
 * then those that do once all whom they ask are there.
 */
export function startRounds<One extends Instance>(
  instances: readonly One[],
): { readonly first: readonly One[]; readonly later: readonly (readonly One[])[] } {
  const servers = instances.filter(isServer);
  const asked = ({ app }: One) => app?.startCalls ?? [];
  const first = servers.filter((each) => asked(each).length === 0);
  const later: One[][] = [];
  let waiting = servers.filter((each) => asked(each).length > 0);
  while (waiting.length > 0) {
    const stillToCome = new Set(waiting.map(({ service }) => service));
    const round = waiting.filter((each) => asked(each).every(({ to }) => !stillToCome.has(to)));
    if (round.length === 0) throw new Error('apps wait for each other at their start');
    later.push(round);
    waiting = waiting.filter((each) => !round.includes(each));
  }
  return { first, later };
}

/**
 * Starts a replica that has stopped: its app waits for its sidecar where that holds it; else one that asks others for
 * something at its start is there before the sidecar, which is the order that nothing forbids.
 */
export async function startReplica(
  { app, sidecar }: Pick<Instance, 'app' | 'sidecar'>,
  start: { app(): Promise<void>; sidecar(): Promise<void> },
): Promise<void> {
  if (sidecar?.holdsApp) {
    await start.sidecar();
    await start.app();
  } else if (app?.startCalls !== undefined) {
    await start.app();
    await start.sidecar();
  } else {
    await Promise.all([start.app(), start.sidecar()]);
  }
}

import type { Path } from '../kit/path.ts';
import type { Mistake } from '../kit/problems.ts';

/** Ports of the sidecar and of the sample app's control interface. */
const reservedPorts = { from: 15_000, to: 15_100, app: [18_080, 18_081] } as const;

/** What keeps a port from being one of a service or gateway. */
export function mistakesInPort(port: number, path: Path): Mistake[] {
  const { from, to, app } = reservedPorts;
  if ((port < from || port > to) && !app.some((taken) => taken === port)) return [];
  const message = `port ${port} is taken by the sidecar or the sample app's control interface`;
  return [{ path, at: 'value', message, hint: `not ${from} to ${to}, ${app.join(' or ')}` }];
}

import type { Mistake } from '../kit/problems.ts';

/** That a request goes to a port which the service does not have; `ports` are those that it has. */
export function mistakeInPort(
  { to, port }: { readonly to: string; readonly port?: number | undefined },
  ports: readonly number[] | undefined,
): Mistake | undefined {
  if (port === undefined || ports === undefined || ports.includes(port)) return undefined;
  // The host of a gateway has that of the gateway.
  const more = to.includes('.') ? '' : `; more of them go into topology.services.${to}.extraPorts`;
  const hint = `it has ${ports.join(', ')}${more}`;
  return { path: ['port'], at: 'value', message: `${to} has no port ${port}`, hint };
}

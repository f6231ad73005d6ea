import { CALL_MARK, DUE_HEADER } from '../model/evidence.ts';
import type { Instance } from '../model/topology.ts';

/**
 * The calls of an app as it reads them. `hostOf`: the name by which a service is called; `addressOf`: where a call of
 * that name has to go so that the app's own sidecar takes it.
 */
export function onwardCalls(
  { calls }: NonNullable<Instance['app']>,
  hostOf: (service: string) => string,
  addressOf: (host: string) => string,
): string {
  return JSON.stringify(
    calls.map(({ to, port, path }) => {
      const host = hostOf(to);
      return {
        url: `http://${addressOf(host)}:${port}${path}`,
        host: `${host}:${port}`,
        headers: { [DUE_HEADER]: CALL_MARK },
      };
    }),
  );
}

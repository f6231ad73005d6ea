import { CALL_MARK, DUE_HEADER } from '../model/evidence.ts';
import type { Instance } from '../model/topology.ts';

/**
 * The environment variables in which an app reads what it is like, wherever it runs. `hostOf`: the name by which a
 * service is called; `placeOf`: where a call of it on a port has to go so that the app's own sidecar takes it.
 */
export function appSettings(
  app: NonNullable<Instance['app']>,
  hostOf: (service: string) => string,
  placeOf: (service: string, port: number) => string,
): Readonly<Record<string, string>> {
  const { protocol = 'http1', serviceTime, concurrency, queue, bytes, maxAgeS, keepAliveMs } = app;
  const written = (calls: typeof app.calls) =>
    JSON.stringify(
      calls.map(({ to, port, path }) => {
        const host = hostOf(to);
        return {
          url: `http://${placeOf(to, port)}${path}`,
          host: `${host}:${port}`,
          headers: { [DUE_HEADER]: CALL_MARK },
        };
      }),
    );
  return {
    PROTOCOL: protocol,
    SERVICE_TIME: serviceTime,
    CONCURRENCY: String(concurrency),
    QUEUE: String(queue),
    ...(keepAliveMs === undefined ? {} : { KEEP_ALIVE: `${keepAliveMs}ms` }),
    ...(bytes === undefined ? {} : { BYTES: String(bytes) }),
    ...(maxAgeS === undefined ? {} : { MAX_AGE: String(maxAgeS) }),
    ...(app.propagates === false ? { PROPAGATE: 'false' } : {}),
    CALLS: written(app.calls),
    ...(app.startCalls === undefined ? {} : { START_CALLS: written(app.startCalls) }),
    ...(app.drainMs === undefined ? {} : { DRAIN: `${app.drainMs}ms` }),
  };
}

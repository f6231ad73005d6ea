import { startApp } from './src/app.ts';
import { readSettings } from './src/settings.ts';

/** A whole app on free ports, in this process; `await using` stops it. */
export async function runningApp(environment: Readonly<Record<string, string>> = {}) {
  const app = await startApp(
    readSettings({ PORT: '0', CONTROL_PORT: '0', INSTANCE: 'edge-1', ZONE: 'east', ...environment }),
  );
  const url = `http://127.0.0.1:${app.service.address.port}`;
  const extraUrls = app.service.extra.map(({ port }) => `http://127.0.0.1:${port}`);
  const controlUrl = `http://127.0.0.1:${app.control.address.port}`;
  return {
    url,
    extraUrls,
    controlUrl,
    setFault: (id: string, behaviour: object) =>
      fetch(`${controlUrl}/faults/${id}`, { method: 'PUT', body: JSON.stringify(behaviour) }),
    clearFault: (id: string) => fetch(`${controlUrl}/faults/${id}`, { method: 'DELETE' }),
    /** The value of one line of /metrics, named with its labels; 0 when it is not there. */
    async metric(line: string): Promise<number> {
      const text = await (await fetch(`${controlUrl}/metrics`)).text();
      const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
      return found === undefined ? 0 : Number(found.slice(line.length + 1));
    },
    stop: () => app.stop(),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentError } from '../../kit/errors.ts';
import { notYet, type Ready } from '../../kit/eventually.ts';
import { http } from '../../kit/http.ts';
import type { ProgramSpec } from '../../kit/supervisor/client.ts';
import type { HostInstance } from '../../meshes/contract.ts';
import type { Action } from '../../model/fault.ts';
import type { Instance } from '../../model/topology.ts';
import { appSettings } from '../app-settings.ts';

/** Where a lab's apps listen, each on its own address. */
export interface AppPorts {
  readonly service: number;
  readonly control: number;
}

export const usualAppPorts: AppPorts = { service: 18_080, control: 18_081 };

function entryPoint(): string {
  const source = fileURLToPath(new URL('../../../apps/edge-app/src/main.ts', import.meta.url));
  return existsSync(source)
    ? source
    : fileURLToPath(new URL('../../../apps/edge-app/src/main.js', import.meta.url));
}

/**
 * The app of one replica: the sample app, or an operator's `own` command, which runs where they are. `hostOf` is the
 * name by which a service is called, `placeOf` where its calls of one go.
 */
export function appProgram(
  instance: HostInstance,
  ports: AppPorts,
  hostOf: (service: string) => string,
  placeOf: (service: string, port: number) => string,
  directory: string,
  logs: string,
  own?: readonly string[],
): ProgramSpec {
  const { app } = instance;
  if (app === undefined) throw new Error(`${instance.name} runs no app`);
  const [command = '', ...args] = own ?? [process.execPath, '--no-warnings', entryPoint()];
  return {
    name: `${instance.name}/app`,
    command,
    args,
    env: {
      PATH: process.env['PATH'] ?? '',
      ...(process.env['NODE_COMPILE_CACHE'] === undefined
        ? {}
        : { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }),
      HOST: instance.address,
      PORT: String(ports.service),
      CONTROL_HOST: instance.address,
      CONTROL_PORT: String(ports.control),
      INSTANCE: instance.name,
      ZONE: instance.locality,
      ...appSettings(app, hostOf, placeOf),
      ...(app.seed === undefined ? {} : { SEED: String(app.seed) }),
    },
    cwd: own === undefined ? directory : process.cwd(),
    log: join(logs, `${instance.name}.app.log`),
  };
}

/** Whether it says that it listens; `control`: "host:port" of its control port. */
export async function appReady(control: string): Promise<Ready> {
  try {
    const { status } = await http(`http://${control}/healthz`, { timeoutMs: 1_000 });
    return status === 200 ? undefined : notYet(`its /healthz answers ${status}`);
  } catch (error) {
    return notYet(error instanceof Error ? error.message : String(error));
  }
}

/** Sets or clears a fault in the app, through its control port. */
export async function controlApp(
  control: string,
  action: Extract<Action, { do: 'set-fault' | 'clear-fault' }>,
): Promise<void> {
  const url = `http://${control}/faults/${encodeURIComponent(action.id)}`;
  const answer = await http(
    url,
    action.do === 'set-fault'
      ? {
          method: 'PUT',
          body: JSON.stringify(action.behaviour),
          headers: { 'content-type': 'application/json' },
          timeoutMs: 5_000,
        }
      : { method: 'DELETE', timeoutMs: 5_000 },
  );
  if (answer.status >= 300) {
    throw environmentError(
      `${action.target.name} answered ${answer.status} to ${action.do}: ${answer.body.slice(0, 200)}`,
    );
  }
}

/** Lets an app draw from its seed anew, through its control port. */
export async function seedApp({ name, app }: Instance, control: string): Promise<void> {
  if (app?.seed === undefined) return;
  const answer = await http(`http://${control}/seed`, {
    method: 'PUT',
    body: String(app.seed),
    timeoutMs: 5_000,
  });
  // An app of somebody else may draw nothing.
  if (answer.status < 300 || answer.status === 404) return;
  throw environmentError(`${name} answered ${answer.status} to its seed: ${answer.body.slice(0, 200)}`);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProgramSpec } from '../../kit/supervisor/client.ts';
import type { HostInstance } from '../../meshes/contract.ts';
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

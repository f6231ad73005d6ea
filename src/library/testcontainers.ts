import type { LabOptions, StartedContainers } from './contract.ts';
import { startLabIn } from './lab.ts';

export type {
  Called,
  LabInstance,
  LabOptions,
  RequestOptions,
  StartedContainers,
  StartedLab,
} from './contract.ts';

/**
 * Starts a real mesh in containers of this machine's Docker. Rejects with an error that says what to do when there is
 * none, or when the scenario has mistakes.
 */
export async function startLab(options: LabOptions): Promise<StartedContainers> {
  const { lab, started } = await startLabIn('docker', options);
  return {
    ...started,
    networkMode: (instance) => {
      if (lab.networkMode === undefined) throw new Error('this lab is not in containers');
      return lab.networkMode(instance);
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

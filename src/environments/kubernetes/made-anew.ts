import type { Mesh } from '../../meshes/contract.ts';
import { RUN_LABEL, runLabel } from './api.ts';

/** Labels of pods that are made anew for each run; none where those of an earlier one will do. */
export const podLabels = (
  { cluster }: Pick<Mesh, 'cluster'>,
  runId: string,
): Readonly<Record<string, string>> =>
  cluster.control.by === 'telling' ? { [RUN_LABEL]: runLabel(runId) } : {};

/** Of the pods that a selector selects, those that this run may use. */
export const usable = (selector: string, mesh: Pick<Mesh, 'cluster'>, runId: string): string =>
  [selector, ...Object.entries(podLabels(mesh, runId)).map((label) => label.join('='))].join(',');

import { expect } from 'vitest';
import { type BuiltRun, buildEvidence } from '../../evidence/testing/build-evidence.ts';
import { istio } from '../../meshes/istio/index.ts';
import type { MeshFile } from '../../model/mesh-configuration.ts';
import type { PlannedCheck } from '../../plan/contract.ts';
import { type Analysis, analyse } from '../analyse.ts';
import type { Rule } from '../rules/contract.ts';
import { type OutageKind, outagePlan, planned } from './outage.ts';

/** Two checks on the fault of `outage()`, one on requests and one on statistics. */
export const outageChecks = [
  planned({ kind: 'success-rate', during: 'fault', atLeast: '99%', after: '1s' }, 'outage'),
  planned({ kind: 'time-to-eject', atMost: '1s' }, 'outage'),
];

/** What the analysis makes of a run of `outagePlan()`. */
export async function analysed(
  run: BuiltRun,
  checks: readonly PlannedCheck[] = outageChecks,
  kind: OutageKind = 'error',
  configuration: readonly MeshFile[] = [],
): Promise<Analysis> {
  await using built = await buildEvidence(run);
  const { trial, topology } = outagePlan(checks, kind);
  return await analyse({
    trial: { ...trial, configuration },
    topology,
    directory: built.directory,
    mesh: istio,
    resources: [],
  });
}

/** Names of the rules that a run violates. */
export const violations = ({ validity }: Analysis) =>
  validity.filter(({ status }) => status === 'violated').map(({ rule }) => rule);

/** Expects that a run violates the rule and no other, and that its report says why and what to do. */
export async function expectViolated({ name }: Rule, run: BuiltRun): Promise<void> {
  const analysis = await analysed(run);
  expect(violations(analysis)).toEqual([name]);
  expect(analysis.verdict).toBe('invalid');
  expect(analysis.validity.find(({ rule }) => rule === name)?.detail).toMatch(/.{20,}/);
  expect(analysis.summary).toContain('proves nothing');
}

import type { EnvironmentName } from '../../src/environments/index.ts';
import { defects, plantedRule, plantedText, plantedTexts } from './defects.ts';
import { plantedCertificates } from './planted-certificates.ts';
import { plantedChanges } from './planted-changes.ts';
import { plantedOnConsul } from './planted-consul.ts';
import { plantedFilters } from './planted-filters.ts';
import { plantedGateways } from './planted-gateways.ts';
import { plantedGrpc, plantedPortName } from './planted-grpc.ts';
import { plantedMetrics } from './planted-metrics.ts';
import { plantedNetwork } from './planted-network.ts';
import { plantedResources } from './planted-resources.ts';
import { plantedRestarts } from './planted-restarts.ts';
import { plantedSidecars, plantedWays } from './planted-sidecars.ts';
import { plantedTcp } from './planted-tcp.ts';
import { plantedTraces } from './planted-traces.ts';

/** A planted defect of a scenario, however it is planted. */
export interface Mutation {
  /** The mesh that it runs on; the scenario's own unless given. */
  readonly mesh?: string;
  readonly scenario: string;
  readonly name: string;
  /** Where it can be planted; everywhere unless given. */
  readonly environments?: readonly EnvironmentName[];
  /** Kind of a check that must be among the failed ones; any unless given. */
  readonly fails?: string;
  /** What the report has to name. */
  readonly names: RegExp;
  /** Plants it, with what it takes written into the folder; arguments of `run`. */
  readonly args: (folder: string) => readonly string[];
}

/** Every planted defect that there is. */
export const mutations: readonly Mutation[] = [
  ...defects.map(
    ({ plant, ...defect }): Mutation => ({
      ...defect,
      args: (folder) => [
        '--config',
        plantedRule(folder, defect.scenario, (rule) => plant(rule.spec.trafficPolicy)),
      ],
    }),
  ),
  ...[
    ...plantedTexts,
    ...plantedFilters,
    ...plantedNetwork,
    ...plantedGrpc,
    ...plantedTcp,
    ...plantedSidecars,
  ].map(
    (planted): Mutation => ({ ...planted, args: (folder) => ['--config', plantedText(folder, planted)] }),
  ),
  ...plantedChanges,
  ...plantedCertificates,
  plantedPortName,
  ...plantedOnConsul.map((planted): Mutation => ({ ...planted, mesh: 'consul' })),
  ...plantedGateways,
  ...plantedMetrics,
  ...plantedResources,
  ...plantedRestarts,
  ...plantedRestarts.map((planted): Mutation => ({ ...planted, mesh: 'consul' })),
  ...plantedTraces,
  ...plantedWays,
].toSorted((a, b) => a.scenario.localeCompare(b.scenario));

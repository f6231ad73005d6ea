import type { EnvironmentName } from '../environments/index.ts';
import type { BaselineOptions } from './baseline.ts';
import type { ScenarioOptions } from './scenario-options.ts';

/** What `run` may be told. */
export interface RunOptions extends BaselineOptions, ScenarioOptions {
  readonly env: EnvironmentName;
  readonly seed?: number;
  readonly reports: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** A page that shows how it goes on. */
  readonly live?: boolean;
  readonly keep?: boolean;
  /** A Pushgateway that gets the metrics. */
  readonly metricsPush?: URL;
  /** Of several scenarios: names of those to run, all where it is empty. */
  readonly only: readonly string[];
  readonly failFast?: boolean;
  readonly freshLabs?: boolean;
}

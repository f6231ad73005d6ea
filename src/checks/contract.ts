import type { z } from 'zod';
import type { Expected } from '../effective/index.ts';
import type { KindSchema } from '../kit/kinds.ts';
import type { RunFacts } from './facts.ts';

/** Part of the run that a check looks at; times in milliseconds from the start of the load. */
export interface Window {
  readonly name: 'steady' | 'fault' | 'recovery' | 'change' | 'run';
  /** The fault it belongs to, when it does. */
  readonly fault?: string;
  /** The change it belongs to, when it does. */
  readonly change?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a number is measured in; a share is from 0 to 1, a ratio may be above. */
export type Unit = 'ms' | 'share' | 'per-second' | 'count' | 'ratio';

/**
 * What the mesh was to do and did not, for whoever looks for the setting behind it: `few errors` and `no failures`
 * (which counts what sidecars shed too) are told by how requests ended, everything else by what sidecars held.
 */
export type Lacking =
  | { readonly what: 'few errors' | 'no failures' | 'no overflow' }
  /** The route that takes the requests does what it should, by its retries or the fault that it injects. */
  | { readonly what: 'route'; readonly setting: 'retries' | 'fault' }
  /** Sidecars cost and delay little; told by the limits that they have. */
  | { readonly what: 'spare sidecars'; readonly of: 'time' | 'use' }
  /** Each trace is whole; told by what sidecars reported. */
  | { readonly what: 'whole traces' }
  /** Probes met what is expected of them; of this name, or all. */
  | { readonly what: 'expectations'; readonly probe: string | undefined }
  | {
      readonly what: Expected;
      /** How many hosts have to be out at once; one unless given. */
      readonly hosts?: number;
      /** Names of the instances that it is about; those of whatever is called unless given. */
      readonly of?: readonly string[];
      /** How long answers may take, where they took longer. */
      readonly withinMs?: number | undefined;
    };

/** What one check found. */
export interface Observation {
  /** In the kind's unit; undefined when there was nothing to observe or it never happened. */
  readonly value: number | undefined;
  /** What the observation rests on, and how many of them it takes: fewer make the check invalid. */
  readonly samples: number;
  readonly neededSamples: number;
  /** Whether the limit holds; a value that never came about (never ejected) fails. */
  readonly holds: boolean;
  /** Why what was observed says nothing about the mesh, be it within the limit or not: the check is invalid then. */
  readonly doubt?: string | undefined;
  /** "99.98 %", "1.24 s", "never". */
  readonly observed: string;
  readonly limit: string;
  readonly detail?: string;
  /** Where the limit does not hold and something in effect could be the reason. */
  readonly lacking?: Lacking | undefined;
}

/** One kind of check: how it is written, and what it makes of the facts in its window. */
export interface CheckKind<Schema extends KindSchema = KindSchema> {
  readonly schema: Schema;
  /** What its value is measured in; with `ms` it limits a time. */
  readonly unit: Unit;
  /** The evidence it rests on: requests in access logs, or statistics of the client's sidecar. */
  readonly restsOn: 'requests' | 'statistics';
  /** What a client's sidecar would have to do with hosts for it to hold: "overflow a pool". */
  readonly aboutHosts?: string;
  /** The window of a check that has no `during`: it counts time from a fault's injection or end, or from a change. */
  readonly window?: 'fault' | 'recovery' | 'change';
  /** "success rate at least 99.9 %". */
  describe(check: z.output<Schema>): string;
  observe(check: z.output<Schema>, facts: RunFacts, window: Window): Observation;
}

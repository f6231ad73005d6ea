import type { MeshKind } from '../meshes/index.ts';
import type { BegunTrial } from '../trial/run.ts';

/** A trial whose load has begun, and what reads the words of its mesh. */
export interface WatchedTrial extends BegunTrial {
  readonly meshKind: MeshKind;
}

/** What several trials together have come to so far, as a table. */
export interface Standing {
  readonly title: string;
  readonly aside: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How it all ended, for the page that stays open. */
export interface Ended {
  readonly status: 'pass' | 'fail' | 'invalid';
  /** "PASS", "INTERRUPTED". */
  readonly label: string;
  readonly summary: string;
  /** File of the report, for people; undefined where there is none. */
  readonly report: string | undefined;
}

/** What the thread of the page is told. */
export type ToPage =
  | { readonly is: 'step'; readonly text: string }
  | { readonly is: 'trial'; readonly trial: WatchedTrial }
  /** The trial's load is over; its evidence stays as it is. */
  | { readonly is: 'collected' }
  | { readonly is: 'standing'; readonly standing: Standing }
  | { readonly is: 'ended'; readonly ended: Ended };

/** What it tells. */
export type FromPage =
  | { readonly is: 'open'; readonly url: string }
  /** Somebody who has the token wants it to stop. */
  | { readonly is: 'stop' }
  /** The last view is with everyone who looks. */
  | { readonly is: 'shown' };

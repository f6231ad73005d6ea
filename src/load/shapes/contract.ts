import type { z } from 'zod';
import type { Mistake } from '../../kit/problems.ts';
import type { LoadTotals } from '../../model/evidence.ts';
import type { K6Script } from '../contract.ts';
import type { LoadSettings } from '../fields.ts';

/** One load of a trial with the given shape, worked out in full. */
export interface LoadOf<Shape> {
  /** Unique in the trial. */
  readonly name: string;
  /** The service whose identity and sidecars it uses, and the one it calls. */
  readonly from: string;
  readonly to: string;
  /** Port of the service called. */
  readonly port: number;
  /** Its requests are calls of gRPC; of HTTP unless given. */
  readonly protocol?: 'grpc';
  /** Each request has a connection of its own; they share some unless given. */
  readonly reuse?: false;
  /** To the sidecars such a connection is all there is: they pass on bytes. */
  readonly ofBytes?: true;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly timeoutMs: number;
  };
  /** How much is sent, and how. */
  readonly shape: Shape;
  readonly durationMs: number;
  /** Most requests per second it asks for; undefined in a closed loop or with a script of the user's own. */
  readonly peakRate: number | undefined;
  /** Virtual users that k6 gets; 0 when its script says how many. */
  readonly users: number;
  /** Whether the same requests go past the mesh as well, for comparison. */
  readonly direct?: true;
  /** What its random choices are drawn from; undefined when they need not be the same again. */
  readonly seed: number | undefined;
}

/** The part of k6's totals that it writes itself. */
export type LoadCounts = Pick<
  LoadTotals,
  'iterations' | 'droppedIterations' | 'requests' | 'answers' | 'latencyMs' | 'maxUsers' | 'own'
>;

/** One shape of load: how it is written, how much it is, what k6 is told, what k6 says, and how it reads. */
export interface ShapeKind<Field extends z.ZodType = z.ZodType, Shape extends object = object> {
  /** The field that asks for it in the load of a scenario; it has the shape's name there. */
  readonly field: Field;
  /** An open loop sends what is due, a closed one when an answer has come; a script does what it likes. */
  readonly loop: LoadTotals['loop'];
  /** Whether its requests say when they were due. */
  readonly carriesDue: boolean;
  /** Fields of the load that do nothing beside it, and what it is called there. */
  readonly ignores?: { readonly fields: readonly string[]; readonly beside: string };
  /** What a schema cannot say about it; paths are within the load. */
  mistakes(written: z.output<Field>, load: LoadSettings): Mistake[];
  /** The file that it names, if any: relative to the scenario's. */
  file?(written: z.output<Field>): string;
  /** How many milliseconds it lasts; without this it lasts for the load's `duration`. */
  lengthMs?(written: z.output<Field>): number;
  /** Most requests per second that it asks for; k6 gets virtual users for them. */
  peakRate?(written: z.output<Field>): number;
  /** Virtual users, where they are not those for the peak rate. */
  users?(written: z.output<Field>): number;
  /** The shape as the plan has it; `directory` is the absolute one that relative files count from. */
  shape(written: z.output<Field>, directory: string): Shape;
  /** How much it is, for a sentence that goes on with its route: "400 requests/s for 30 s". */
  describe(load: LoadOf<Shape>): string;
  /** Its lines in a plan. */
  planLines(load: LoadOf<Shape>): string[];
  /** Its height over time in a drawing: 1 is its peak. */
  heightAt(load: LoadOf<Shape>, atMs: number): number;
  /** What k6 runs; `host` is the name of the called service, `mark` follows the due time: see DUE_HEADER. */
  script(load: LoadOf<Shape>, host: string, mark: string): K6Script;
  /** What k6 has counted, from the totals that the script wrote. */
  counts(summary: unknown): LoadCounts;
  /** What its script is called in errors, and whether the user wrote it. */
  author(shape: Shape): { readonly script: string; readonly isUser: boolean };
}

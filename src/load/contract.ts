/** What a generated script prints, followed by epoch milliseconds, when its schedule starts. */
export const LOAD_STARTED = 'breakwater-load-started';

/** A k6 run as files and arguments; where and how it runs is the environment's business. */
export interface LoadJob {
  /** Name → content; the environment puts them side by side. */
  readonly files: Readonly<Record<string, string>>;
  /** Which of the files, or an absolute path, is the script. */
  readonly script: string;
  readonly args: readonly string[];
  /** File that k6 writes its totals to, beside the script. */
  readonly summary: string;
  /** Whether the script prints LOAD_STARTED and the epoch milliseconds its schedule starts at. */
  readonly announcesStart: boolean;
}

export interface PreparedLoad extends AsyncDisposable {
  /** Lets the load begin; resolves with the epoch milliseconds at which it did. */
  begin(): Promise<number>;
  /** Resolves when k6 has ended: its exit code, its totals if it wrote them, its last words. */
  readonly finished: Promise<{
    readonly code: number | null;
    readonly summary: string | undefined;
    readonly lastLines: string;
  }>;
  /** Asks k6 to stop early. */
  stop(): void;
}

/** How much is sent, and how: one of these. */
type LoadShape =
  /** Open loop: requests are due at this rate (a second), whatever the answers do. */
  | { readonly kind: 'rate'; readonly rate: number }
  /** Open loop with a changing rate: from one to the next, evenly, each over its duration. */
  | {
      readonly kind: 'stages';
      readonly stages: readonly { readonly rate: number; readonly duration: number }[];
    }
  /** Closed loop: each user waits for its answer before it asks again. */
  | { readonly kind: 'closed'; readonly users: number }
  /** A k6 script of the user's own: its absolute path, and as the user named it. */
  | { readonly kind: 'script'; readonly path: string; readonly file: string };

/** One load of a trial, worked out in full. */
export interface PlannedLoad {
  /** Unique in the trial. */
  readonly name: string;
  /** The service whose identity and sidecars it uses, and the one it calls. */
  readonly from: string;
  readonly to: string;
  /** Port of the service called. */
  readonly port: number;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly timeoutMs: number;
  };
  readonly shape: LoadShape;
  readonly durationMs: number;
  /** Most requests per second it asks for; undefined in a closed loop or with a script of the user's own. */
  readonly peakRate: number | undefined;
  /** Virtual users that k6 gets. */
  readonly users: number;
}

import type { ScriptComplaint } from '../model/evidence.ts';

/** How every line begins that a generated script prints for whoever reads its log, and not for people. */
export const FOR_THE_HARNESS = 'breakwater-';

/** What a generated script prints, followed by epoch milliseconds, when its schedule starts. */
export const LOAD_STARTED = `${FOR_THE_HARNESS}load-started`;

/** File that k6 writes its totals to. */
export const SUMMARY_FILE = 'summary.json';

/** What k6 runs for a load. */
export interface K6Script {
  /** Name → content; they belong side by side. */
  readonly files: Readonly<Record<string, string>>;
  /** Which of the files, or an absolute path, is the script. */
  readonly script: string;
  readonly args: readonly string[];
  /** File that k6 writes its totals to, beside the script. */
  readonly summary: string;
  /** Whether the script prints LOAD_STARTED and the epoch milliseconds its schedule starts at. */
  readonly announcesStart: boolean;
  /** Whether it may complain of something: k6 then logs as JSON. */
  readonly complains: boolean;
  /** How lines begin that it prints for whoever reads what came of it; none unless given. */
  readonly prints?: string;
}

/** A load for an environment, whose business it is where and how k6 runs. */
export interface LoadJob extends K6Script {
  /** The service at whose instances k6 runs, through their sidecars; undefined: at a place that has none. */
  readonly from: string | undefined;
  /** Its number among the loads of the trial, counted from 0; they are prepared side by side. */
  readonly number: number;
  /** Whether it goes past every sidecar, straight to an app of the service called, wherever `from` is. */
  readonly direct?: true;
  /** Its load's name where the trial has several: generators and folders carry it. */
  readonly name: string | undefined;
}

/** A load whose k6 is there; disposing ends it. */
export interface PreparedLoad extends AsyncDisposable {
  /** Resolves when every virtual user is there, held by k6's pause. */
  ready(): Promise<void>;
  /** Lets the load begin, once it is ready; resolves with the epoch milliseconds at which it did. */
  begin(): Promise<number>;
  /** Resolves when k6 has ended: its exit code, its totals if it wrote them, its last words. */
  readonly finished: Promise<{
    readonly code: number | null;
    /** What ended it, where that is known: "SIGKILL". */
    readonly signal: string | undefined;
    readonly summary: string | undefined;
    readonly lastLines: string;
    readonly complaints: readonly ScriptComplaint[];
    /** The lines that begin as `K6Script.prints` says. */
    readonly printed: readonly string[];
  }>;
  /** Asks k6 to stop early. */
  stop(): void;
}

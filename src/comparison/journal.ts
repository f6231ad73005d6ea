import { type JournalWords, journalHead, SeriesJournal } from '../experiment/series-journal.ts';
import type { SideName } from './sides.ts';

/** One round as it went, a line of the journal. */
export interface RoundRecord {
  /** Unique; its folder is below `rounds/`. */
  readonly name: string;
  /** From 1. */
  readonly pair: number;
  readonly side: SideName;
  /** Epoch milliseconds of its end, and how long it took with everything around it. */
  readonly endedAt: number;
  readonly tookMs: number;
  /** Of its run; `broken`: its lab has not come to the end of it. */
  readonly verdict: 'pass' | 'fail' | 'invalid' | 'broken';
  /** What it has shown; none where it proves nothing. */
  readonly measures?: Readonly<Record<string, number>>;
  /** Its processors, and how many of them everything else kept busy meanwhile; none where nobody knows. */
  readonly machine?: { readonly cpus: number; readonly others: number };
  /** Why it proves nothing, in words. */
  readonly why?: string;
  /** What ran: "istio 1.29.1", and program → version. */
  readonly mesh?: string;
  readonly programs?: Readonly<Record<string, string>>;
}

/** The last look was taken, and the chance of error is used up: whoever goes on would look once too often. */
interface EndRecord {
  readonly over: true;
  readonly pairs: number;
}

export type ComparisonRecord = RoundRecord | EndRecord;

/** What the rounds of a journal belong to. */
type JournalHead = {
  readonly scenario: string;
  readonly sides: string;
  readonly seed: string;
  readonly rounds: string;
  /** Fingerprint of everything else that decides what a round shows and how it is judged. */
  readonly fingerprint: string;
};

export type Journal = SeriesJournal<ComparisonRecord, JournalHead>;

const words: JournalWords<JournalHead> = {
  series: 'comparison',
  entry: 'round',
  command: 'compare',
  other: {
    scenario: (found) => `the scenario ${found}`,
    sides: (found) => found,
    seed: (found) => `--seed ${found}`,
    rounds: (found) => `--rounds ${found}`,
    fingerprint: () =>
      'another load, topology, configuration, programs, metrics or margins, or of another version of Breakwater',
  },
  mayDiffer: '--budget alone may differ',
};

/** A new journal in a folder that is there. */
export const beginJournal = (directory: string, head: JournalHead): Journal =>
  SeriesJournal.begin(directory, head, words);

/** The one in a folder, to go on with. */
export const resumeJournal = (directory: string, head: JournalHead): Journal =>
  SeriesJournal.resume(directory, head, words);

export const isRound = (record: ComparisonRecord): record is RoundRecord => !('over' in record);

/** The seed of the comparison in a folder; undefined where there is none that can be read. */
export const journalSeed = (directory: string): string | undefined => journalHead(directory)?.['seed'];

import { type JournalWords, SeriesJournal } from '../experiment/series-journal.ts';
import type { Ask, Measured } from './contract.ts';

/** One trial as it went, a line of the journal. */
export interface TrialRecord {
  /** Names its folder below `trials/`. */
  readonly name: string;
  readonly ask: Ask;
  /** Epoch milliseconds of its end, and how long it took with everything around it. */
  readonly endedAt: number;
  readonly tookMs: number;
  readonly verdict: 'holds' | 'fails' | 'invalid' | 'broken';
  /** What it has shown; none where it proves nothing. */
  readonly measured?: Measured;
  /** Why it proves nothing, in words. */
  readonly why?: string;
}

/** What the trials of a journal belong to. */
type JournalHead = {
  readonly scenario: string;
  readonly slo: string;
  /** Fingerprint of everything else that decides what a trial shows: plan, limits, rates. */
  readonly fingerprint: string;
};

/** The trials of a search on disk. */
export type Journal = SeriesJournal<TrialRecord, JournalHead>;

const words: JournalWords<JournalHead> = {
  series: 'search',
  entry: 'trial',
  command: 'tune',
  other: {
    scenario: (found) => `the scenario ${found}`,
    slo: (found) => `the objective ${found}`,
    fingerprint: () => 'another load, topology, configuration or other options',
  },
  mayDiffer: '--budget alone may differ',
};

/** A new journal in a folder that is there. */
export const beginJournal = (directory: string, head: JournalHead): Journal =>
  SeriesJournal.begin(directory, head, words);

/** The one in a folder, to go on with. */
export const resumeJournal = (directory: string, head: JournalHead): Journal =>
  SeriesJournal.resume(directory, head, words);

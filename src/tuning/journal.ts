import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { environmentError, usageError } from '../kit/errors.ts';
import { reasonOf } from '../kit/system-error.ts';
import type { Ask, Measured } from './contract.ts';

const FILE = 'journal.jsonl';
const VERSION = 1;

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

/** What the trials of a journal belong to: only a search that asks the same may go on with them. */
export interface JournalHead {
  readonly version: number;
  readonly scenario: string;
  readonly slo: string;
  /** Fingerprint of everything else that decides what a trial shows: plan, limits, rates. */
  readonly fingerprint: string;
}

/**
 * The trials of a search on disk, each there before anything is concluded from it. A line is written whole or, when
 * the disk is full, not at all.
 */
export class Journal implements Disposable {
  readonly records: TrialRecord[];
  readonly #file: number;
  readonly #path: string;

  private constructor(path: string, file: number, records: TrialRecord[]) {
    this.#path = path;
    this.#file = file;
    this.records = records;
  }

  /** A new one in a folder that is there. */
  static begin(directory: string, head: Omit<JournalHead, 'version'>): Journal {
    const path = join(directory, FILE);
    const journal = new Journal(path, openSync(path, 'wx'), []);
    journal.#append({ version: VERSION, ...head });
    return journal;
  }

  /** The one in a folder, to go on with. Throws a usage error when there is none, or it belongs to another search. */
  static resume(directory: string, head: Omit<JournalHead, 'version'>): Journal {
    const path = join(directory, FILE);
    const { found, records, length } = readJournal(path, directory);
    refuseOther(found, head, directory);
    const file = openSync(path, 'r+');
    // What a crash has left of a line.
    ftruncateSync(file, length);
    return new Journal(path, file, records);
  }

  add(record: TrialRecord): void {
    this.#append(record);
    this.records.push(record);
  }

  #append(value: object): void {
    const before = fstatSync(this.#file).size;
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    try {
      for (let written = 0; written < line.length; ) {
        written += writeSync(this.#file, line, written, line.length - written, before + written);
      }
      fsyncSync(this.#file);
    } catch (error) {
      ftruncateSync(this.#file, before);
      const { code, message } = error as NodeJS.ErrnoException;
      throw environmentError(
        `the journal ${this.#path} does not take the next trial: ${code === undefined ? message : reasonOf(code)}`,
        'the trials before it are in it whole: make room, and go on with --resume',
        error,
      );
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function readJournal(path: string, directory: string) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw usageError(
      `--resume: there is no journal of a search in ${directory} (${code})`,
      'name the folder that an interrupted tune has printed',
    );
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').slice(0, -1);
  try {
    const [found, ...records] = lines.map((line) => JSON.parse(line));
    if (found?.version === VERSION) {
      return {
        found: found as JournalHead,
        records: records as TrialRecord[],
        length: Buffer.byteLength(whole),
      };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(
    `--resume: ${path} is no journal that this version of Breakwater can read`,
    'begin the search anew, without --resume',
  );
}

function refuseOther(found: JournalHead, head: Omit<JournalHead, 'version'>, directory: string): void {
  const differing = (['scenario', 'slo', 'fingerprint'] as const).find((name) => found[name] !== head[name]);
  if (differing === undefined) return;
  const what = {
    scenario: `the scenario ${found.scenario}`,
    slo: `the objective ${found.slo}`,
    fingerprint: 'another load, topology, configuration or other options',
  }[differing];
  throw usageError(
    `--resume: the search in ${directory} is for ${what}`,
    'repeat its command as it was, with --resume added; --budget alone may differ',
  );
}

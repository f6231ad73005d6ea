import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { environmentError, usageError } from '../kit/errors.ts';
import { isSameProcess, processIdentity } from '../kit/process-identity.ts';
import { reasonOf } from '../kit/system-error.ts';

const FILE = 'journal.jsonl';
/** Who goes on with it just now. */
const OWNER = 'journal.owner';
const VERSION = 1;

/** What a journal belongs to: only a series that has the same may go on with it. */
type Head = Readonly<Record<string, string>>;

/** The words of one kind of series, for messages. */
export interface JournalWords<About extends Head> {
  /** "search". */
  readonly series: string;
  /** "trial". */
  readonly entry: string;
  /** "tune". */
  readonly command: string;
  /** Field → what the series in the folder is for, where it differs. */
  readonly other: { readonly [Field in keyof About]: (found: string) => string };
  /** What a command that goes on may have changed. */
  readonly mayDiffer: string;
}

/**
 * What a series of trials has come to so far, on disk, each entry there before anything is concluded from it. A line
 * is written whole or, when the disk is full, not at all.
 */
export class SeriesJournal<Entry extends object, About extends Head> implements Disposable {
  readonly records: Entry[];
  readonly #file: number;
  readonly #path: string;
  readonly #words: JournalWords<About>;
  readonly #directory: string;

  private constructor(directory: string, file: number, records: Entry[], words: JournalWords<About>) {
    this.#directory = directory;
    this.#path = join(directory, FILE);
    this.#file = file;
    this.records = records;
    this.#words = words;
  }

  /** A new one in a folder that is there. */
  static begin<Entry extends object, About extends Head>(
    directory: string,
    head: About,
    words: JournalWords<About>,
  ): SeriesJournal<Entry, About> {
    own(directory, words);
    const file = openSync(join(directory, FILE), 'wx');
    const journal = new SeriesJournal<Entry, About>(directory, file, [], words);
    journal.#append({ version: VERSION, ...head });
    return journal;
  }

  /** The one in a folder, to go on with. Throws a usage error when there is none, or it belongs to another series. */
  static resume<Entry extends object, About extends Head>(
    directory: string,
    head: About,
    words: JournalWords<About>,
  ): SeriesJournal<Entry, About> {
    const path = join(directory, FILE);
    const { found } = readJournal<Entry>(path, directory, words);
    refuseOther(found, head, directory, words);
    own(directory, words);
    // As it is now that nobody else writes.
    const { records, length } = readJournal<Entry>(path, directory, words);
    const file = openSync(path, 'r+');
    // What a crash has left of a line.
    ftruncateSync(file, length);
    return new SeriesJournal<Entry, About>(directory, file, records, words);
  }

  add(record: Entry): void {
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
      const { entry } = this.#words;
      throw environmentError(
        `the journal ${this.#path} does not take the next ${entry}: ${code === undefined ? message : reasonOf(code)}`,
        `the ${entry}s before it are in it whole: make room, and go on with --resume`,
        error,
      );
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    rmSync(join(this.#directory, OWNER), { force: true });
  }
}

/** Writes down that this process goes on with a series; throws a usage error while another one does. */
function own(directory: string, { series }: Pick<JournalWords<Head>, 'series'>): void {
  const path = join(directory, OWNER);
  const owner = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  try {
    writeFileSync(path, owner, { flag: 'wx' });
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const pid = runningOwner(path);
  if (pid !== undefined) {
    throw usageError(
      `--resume: process ${pid} goes on with the ${series} in ${directory}`,
      'wait for it to end, or interrupt it',
    );
  }
  // Its process is no more.
  writeFileSync(path, owner);
}

function runningOwner(path: string): number | undefined {
  try {
    const { pid, identity } = JSON.parse(readFileSync(path, 'utf8'));
    return isSameProcess(pid, identity) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** What the journal in a folder says of its series; undefined where there is none that can be read. */
export function journalHead(directory: string): Head | undefined {
  try {
    const [line = ''] = readFileSync(join(directory, FILE), 'utf8').split('\n', 1);
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function readJournal<Entry>(
  path: string,
  directory: string,
  { series, command }: Pick<JournalWords<Head>, 'series' | 'command'>,
) {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw usageError(
      `--resume: there is no journal of a ${series} in ${directory} (${code})`,
      `name the folder that an interrupted ${command} has printed`,
    );
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').slice(0, -1);
  try {
    const [found, ...records] = lines.map((line) => JSON.parse(line));
    const isWhole = records.every((record) => typeof record === 'object' && record !== null);
    if (found?.version === VERSION && isWhole) {
      return { found: found as Head, records: records as Entry[], length: Buffer.byteLength(whole) };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(
    `--resume: ${path} is no journal that this version of Breakwater can read`,
    `begin the ${series} anew, without --resume`,
  );
}

function refuseOther<About extends Head>(
  found: Head,
  head: About,
  directory: string,
  { series, other, mayDiffer }: JournalWords<About>,
): void {
  const differing = (Object.keys(head) as (keyof About & string)[]).find(
    (name) => found[name] !== head[name],
  );
  if (differing === undefined) return;
  throw usageError(
    `--resume: the ${series} in ${directory} is for ${other[differing](found[differing] ?? 'something else')}`,
    `repeat its command as it was, with --resume added; ${mayDiffer}`,
  );
}

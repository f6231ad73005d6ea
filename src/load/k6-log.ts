import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tail } from '../kit/tail.ts';
import type { ScriptComplaint } from '../model/evidence.ts';
import { FOR_THE_HARNESS } from './contract.ts';
import type { Generator } from './generators.ts';

/** Different complaints that are kept; what comes after is only counted. */
const mostComplaints = 20;
const longest = 500;

/** A line of k6's own log, which is JSON beside a script of the user's own; what k6 prints otherwise is undefined. */
function entryOf(
  line: string,
): { readonly level: string; readonly msg: string; readonly source?: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line);
    return typeof entry.msg === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** What k6 has printed as a person reads it: "error: TypeError: …". */
export function toldByK6(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith(FOR_THE_HARNESS))
    .map((line) => {
      const entry = entryOf(line);
      return entry === undefined ? line : `${entry.level}: ${entry.msg.trimEnd()}`;
    })
    .join('\n');
}

/** What a k6 says in its log from now on: what an earlier load has left in there is not this one's. */
export function saidInLog(log: string): Pick<Generator, 'said' | 'lastLines' | 'complaints' | 'printed'> {
  const from = endOfLog(log);
  return {
    async said() {
      const bytes = await readFile(log).catch(() => Buffer.alloc(0));
      return bytes.subarray(from).toString('utf8');
    },
    lastLines: () => tail(log, 8, toldByK6),
    complaints: () => complaintsIn(log, from),
    printed: (start) => printedIn(log, from, start),
  };
}

/** Where the next line of a log will begin; 0 when there is none yet. */
export const endOfLog = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** The lines of k6's log that begin so, from a place in it on. */
async function printedIn(path: string, from: number, start: string): Promise<string[]> {
  const printed: string[] = [];
  const lines = createInterface({ input: createReadStream(path, { start: from }) });
  for await (const line of lines) if (line.startsWith(start)) printed.push(line);
  return printed;
}

/** What a script complained of from a place in k6's log on: what it threw, and what it wrote with console.error. */
export async function complaintsIn(path: string, from: number): Promise<ScriptComplaint[]> {
  const counts = new Map<string, ScriptComplaint>();
  const lines = createInterface({ input: createReadStream(path, { start: from }) });
  for await (const line of lines) {
    const entry = entryOf(line);
    if (entry?.level !== 'error' || (entry.source !== 'console' && entry.source !== 'stacktrace')) continue;
    const what = entry.source === 'console' ? 'console' : 'exception';
    const told = entry.msg.replaceAll(/\s+/g, ' ').trim().slice(0, longest);
    // One kind too many is told as the others.
    const text = counts.has(`${what} ${told}`) || counts.size < mostComplaints ? told : 'others';
    const key = `${what} ${text}`;
    counts.set(key, { what, text, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/**
 * The supervisor's watchdog: begins when the supervisor has died without ending what it started, and does that in its
 * place. The harness, which may be alive, is left its folder as long as it runs.
 *
 * argv: DIRECTORY (of the run), HARNESS (process id), IDENTITY (of that process), MARKS (`NAME=VALUE`, which are in the
 * environment of every program of the run).
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, processesWith, signalGroup } from '../process-identity.ts';
import { PROCESS_RECORDS, type ProcessRecord } from './protocol.ts';

const everyMs = 50;
/** What was being started when the supervisor died may show a moment later. */
const quietLooks = 3;

const [directory = '', harness, identity = '', ...marks] = process.argv.slice(2);

/** Ids of all processes of the run that are there: those on record, and those with its marks in their environment. */
function programs(): number[] {
  const recorded = records().filter((record) => isSameProcess(record.pid, record.identity));
  const marked = marks.flatMap((mark) => {
    const [name = '', value] = mark.split(/=(.*)/s);
    return processesWith(name).filter((found) => found.value === value);
  });
  return [...new Set([...recorded, ...marked].map(({ pid }) => pid))];
}

function records(): ProcessRecord[] {
  try {
    const lines = readFileSync(join(directory, PROCESS_RECORDS), 'utf8').split('\n');
    // Behind the last newline is what was being written when the supervisor died.
    return lines.slice(0, -1).map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function end(pid: number): void {
  signalGroup(pid, 'SIGKILL');
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone with its group
  }
}

for (let quiet = 0; quiet < quietLooks; await sleep(everyMs)) {
  const found = programs();
  for (const pid of found) end(pid);
  quiet = found.length === 0 ? quiet + 1 : 0;
}
while (isSameProcess(Number(harness), identity)) await sleep(everyMs);
rmSync(directory, { recursive: true, force: true });

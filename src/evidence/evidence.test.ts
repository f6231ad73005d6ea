import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AccessLogReader, MeshAccessLog } from '../meshes/contract.ts';
import type { LoggedEnding } from '../model/ending.ts';
import type { LoadTotals, RunContext } from '../model/evidence.ts';
import { LogLines, NO_DUE, UNSAID } from '../model/log-lines.ts';
import { readEvidence } from './evidence.ts';
import { client, ORIGIN_MS, server } from './testing/build-evidence.ts';

/** What a proxy that is none of Envoy's might write: JSON, with names of its own. */
interface ForeignLine {
  readonly at: number;
  readonly tookMs: number;
  readonly id: number;
  readonly due?: number;
  readonly code: number;
  readonly to?: string;
  readonly error?: string;
}

/** Reads them; everything that is particular to that proxy is here. */
class ForeignReader implements AccessLogReader {
  readonly lines = new LogLines();
  readonly endings: LoggedEnding[] = [];

  read(buffer: Buffer, from: number, to: number): number {
    this.lines.length = 0;
    this.lines.malformed = 0;
    let begin = from;
    for (;;) {
      const newline = buffer.indexOf('\n', begin);
      if (newline < 0 || newline >= to || this.lines.length === this.lines.capacity) return begin;
      this.#take(JSON.parse(buffer.toString('utf8', begin, newline)));
      begin = newline + 1;
    }
  }

  #take({ at, tookMs, id, due, code, to, error }: ForeignLine): void {
    const { lines } = this;
    const row = lines.length;
    lines.startMs[row] = at;
    lines.durationMs[row] = tookMs;
    lines.dueMs[row] = due ?? NO_DUE;
    lines.load[row] = UNSAID;
    lines.idLow[row] = id;
    lines.ending[row] =
      this.endings.push({
        reason: error === 'failfast' ? 'no-host' : 'none',
        status: code,
        fromHost: error === undefined,
        whole: true,
        host: to ?? '-',
        service: 'edge-app',
        direction: due === undefined ? 'inbound' : 'outbound',
        attempts: 1,
        raw: { flag: error ?? '-', details: '-', destination: '-' },
      }) - 1;
    lines.length += 1;
  }
}

const foreign = (logs: MeshAccessLog['logs']): MeshAccessLog => ({
  mark: '{',
  logs,
  reader: () => new ForeignReader(),
  probe: () => undefined,
});

async function evidenceOf(
  logs: Readonly<Record<string, readonly ForeignLine[]>>,
  side: MeshAccessLog['logs'],
) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-foreign-'));
  try {
    await mkdir(join(directory, 'access'));
    for (const [name, lines] of Object.entries(logs)) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await writeFile(join(directory, 'access', `${name}.log`), text);
    }
    const context: Partial<RunContext> = {
      instances: [client(), server('edge-app', 1, 'local/east', '127.1.0.1:8080')],
    };
    const load: Partial<LoadTotals> = {
      from: 'frontend',
      startedAt: ORIGIN_MS,
      requests: 2,
      carriesDue: true,
    };
    await writeFile(join(directory, 'run.json'), JSON.stringify(context));
    await writeFile(join(directory, 'loads.json'), JSON.stringify([load]));
    return await readEvidence(directory, { spans: { read: () => [] }, accessLog: foreign(side) });
  } finally {
    await rm(directory, { recursive: true });
  }
}

const sent: readonly ForeignLine[] = [
  { at: ORIGIN_MS + 12, tookMs: 5, id: 1, due: ORIGIN_MS + 10, code: 200, to: '127.1.0.1:8080' },
  { at: ORIGIN_MS + 22, tookMs: 1, id: 3, due: ORIGIN_MS + 20, code: 503, error: 'failfast' },
];
const arrived: readonly ForeignLine[] = [{ at: ORIGIN_MS + 13, tookMs: 3, id: 1, code: 200, to: 'app' }];

test('a proxy of any kind will do: its mesh reads what it writes', async () => {
  const { requests, arrivals, endings, quality } = await evidenceOf(
    { 'frontend-1': sent, 'edge-app-1': arrived },
    'both',
  );
  expect(requests.length).toBe(2);
  expect([...requests.startMs.subarray(0, 2)]).toEqual([12, 22]);
  expect([...requests.rawLagMs.subarray(0, 2)]).toEqual([2, 2]);
  expect([...requests.arrivals.subarray(0, 2)]).toEqual([1, 0]);
  expect(arrivals.request[0]).toBe(0);
  expect(endings.map(({ outcome, answered, refusedBy }) => ({ outcome, answered, refusedBy }))).toEqual([
    { outcome: 'ok', answered: true, refusedBy: undefined },
    { outcome: 'error', answered: false, refusedBy: 'client' },
    { outcome: 'ok', answered: true, refusedBy: undefined },
  ]);
  expect(quality).toMatchObject({ lines: 3, missingFiles: [], strangeArrivals: 0, withoutDue: [0] });
});

test('where only servers write, no log of a client is missed', async () => {
  const logs = { 'edge-app-1': arrived };
  expect((await evidenceOf(logs, 'server')).quality.missingFiles).toEqual([]);
  expect((await evidenceOf(logs, 'both')).quality.missingFiles).toEqual(['frontend-1']);
});

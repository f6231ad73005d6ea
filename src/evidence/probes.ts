import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccessLogReader, MeshAccessLog } from '../meshes/contract.ts';
import { type InstanceContext, type ProbeResult, probeMark } from '../model/evidence.ts';
import { isClient } from '../model/topology.ts';
import { type Ending, isRefusal, settleEnding } from './endings.ts';
import { isMissing, readJsonLines } from './files.ts';

/** What one side's sidecar logged of a request of a probe. */
interface ProbeSide {
  readonly ending: Ending;
  /** Index of the instance. */
  readonly instance: number;
  /** The other side's identity: "spiffe://cluster.local/ns/default/sa/frontend"; undefined when it had none. */
  readonly peer: string | undefined;
  readonly id: readonly [number, number];
}

/** One request of a probe, by everybody who saw it. */
export interface ProbeAnswer extends ProbeResult {
  readonly client: ProbeSide | undefined;
  /** Of the last attempt. */
  readonly server: ProbeSide | undefined;
  /** The request's id as a hash in two halves, the high one first; undefined when no sidecar saw it. */
  readonly id: readonly [number, number] | undefined;
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** Joins what k6 saw of every request of a probe with the lines of the sidecars on its way. */
export async function readProbes(
  directory: string,
  accessLog: MeshAccessLog,
  instances: readonly InstanceContext[],
): Promise<ProbeAnswer[]> {
  const results: ProbeResult[] = [];
  await readJsonLines<ProbeResult>(join(directory, 'probes.jsonl'), (result) => results.push(result));
  if (results.length === 0) return [];
  const sides = { client: new Map<string, ProbeSide>(), server: new Map<string, ProbeSide>() };
  const reader = accessLog.reader();
  for (const [number, instance] of instances.entries()) {
    const file = join(directory, 'access', `${instance.name}.log`);
    await eachLine(file, ` ${probeMark(0).slice(0, -1)}`, (line) => {
      const read = accessLog.probe(line);
      if (read === undefined) return;
      const ending = endingOf(line, reader);
      if (ending === undefined) return;
      const { idHigh, idLow } = reader.lines;
      const id = [idHigh[0] ?? 0, idLow[0] ?? 0] as const;
      const side = isClient(instance) ? 'client' : 'server';
      if (ending.direction === (side === 'client' ? 'inbound' : 'outbound')) return;
      // Where no cluster was found no line says which way it went; whose log it is does.
      const refusedBy = isRefusal(ending) ? side : ending.refusedBy;
      sides[side].set(read.mark, { ending: { ...ending, refusedBy }, instance: number, peer: read.peer, id });
    });
  }
  return results.map((result) => {
    const mark = `${probeMark(result.probe)}.${result.count}`;
    const [client, server] = [sides.client.get(mark), sides.server.get(mark)];
    return { ...result, client, server, id: (server ?? client)?.id };
  });
}

function endingOf(line: string, reader: AccessLogReader): Ending | undefined {
  const bytes = Buffer.from(`${line}\n`);
  reader.read(bytes, 0, bytes.length);
  const ending = reader.lines.length === 1 ? reader.endings[reader.lines.ending[0] as number] : undefined;
  return ending && settleEnding(ending);
}

/** Gives every line of a file with a text in it to `sink`; no line is made for the others, of which there may be millions. */
async function eachLine(path: string, text: string, sink: (line: string) => void): Promise<void> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (handle === undefined) return;
  await using file = handle;
  let kept = Buffer.alloc(0);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
    const bytes = Buffer.concat([kept, chunk.subarray(0, bytesRead)]);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    for (let at = bytes.indexOf(text); at >= 0 && at < whole; ) {
      const end = bytes.indexOf(NEWLINE, at);
      sink(bytes.toString('utf8', bytes.lastIndexOf(NEWLINE, at) + 1, end));
      at = bytes.indexOf(text, end);
    }
    if (bytesRead === 0) return;
    kept = Buffer.from(bytes.subarray(whole));
    // A line that long is nobody's.
    if (kept.length > 4 * CHUNK_BYTES) kept = Buffer.alloc(0);
  }
}

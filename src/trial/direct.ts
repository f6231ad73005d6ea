import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadJob, PreparedLoad } from '../load/contract.ts';
import { beginLoad, finishLoad, loadJob, readyLoad } from '../load/k6.ts';
import type { PlannedLoad } from '../load/planned.ts';

/** The same requests as some loads send, past every sidecar: each load has a k6 there and held; disposing ends them. */
export interface PreparedDirect extends AsyncDisposable {
  ready(): Promise<void>;
  begin(): Promise<void>;
  stop(): void;
  /** Waits for all of them to end, and writes what k6 has counted into direct.json of the evidence folder. */
  finish(evidence: string, interrupted: () => boolean): Promise<void>;
}

/** `before`: how many loads and callers of probes are prepared beside them. */
export async function prepareDirect(
  loads: readonly PlannedLoad[],
  before: number,
  host: (service: string) => string,
  prepare: (job: LoadJob) => Promise<PreparedLoad>,
): Promise<PreparedDirect> {
  await using stack = new AsyncDisposableStack();
  const all = await Promise.all(
    loads
      .filter(({ direct }) => direct)
      .map(async (planned, index) => {
        // No load is called so: a dot is in no load's name.
        const job = { ...loadJob(planned, host(planned.to)), name: `direct.${planned.name}` };
        const load = await prepare({ ...job, number: before + index, direct: true });
        return { planned, load: stack.use(load) };
      }),
  );
  const releases = stack.move();
  let startedAt: readonly number[] = [];
  return {
    async ready() {
      await Promise.all(all.map(({ planned, load }) => readyLoad(planned, load)));
    },
    async begin() {
      startedAt = await Promise.all(all.map(({ planned, load }) => beginLoad(planned, load)));
    },
    stop() {
      for (const { load } of all) load.stop();
    },
    async finish(evidence, interrupted) {
      const totals = await Promise.all(
        all.map(({ planned, load }, index) => finishLoad(planned, load, startedAt[index] ?? 0, interrupted)),
      );
      if (all.length > 0) await writeFile(join(evidence, 'direct.json'), JSON.stringify(totals));
    },
    [Symbol.asyncDispose]: () => releases[Symbol.asyncDispose](),
  };
}

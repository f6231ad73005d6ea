import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';

/**
 * Meshes that this machine carries at once: beyond it runs are late, prove nothing and are made again, which costs
 * more than waiting. Workers of vitest know nothing of each other, so the places are files that are locked.
 */
const count = Math.max(3, 2 * cpus().length);
const folder = join(tmpdir(), `bw-test-places-${userInfo().uid}`);

/** A place for one mesh, waited for; it is free again with the end of its scope, or soon after that of the process. */
export async function place(): Promise<AsyncDisposable> {
  mkdirSync(folder, { recursive: true });
  for (;;) {
    for (let index = 0; index < count; index++) {
      const file = join(folder, String(index));
      writeFileSync(file, '', { flag: 'a' });
      const release = await lockfile.lock(file, { stale: 20_000, update: 5_000 }).catch(() => undefined);
      if (release !== undefined) return { [Symbol.asyncDispose]: () => release().catch(() => undefined) };
    }
    await sleep(150 + 200 * Math.random());
  }
}

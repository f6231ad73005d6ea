import { z } from 'zod';
import { loadJob } from '../k6.ts';
import type { PlannedLoad } from '../planned.ts';
import { loadFields, mistakesInLoad, shapeOf, sizeOf, type WrittenLoad } from '../written.ts';

const parse = (written: object): WrittenLoad => ({
  ...z.strictObject(loadFields).parse(written),
  timeout: 2_000,
  warmup: 2_000,
});

/** The load of a scenario in /scenarios that calls shop from client, as a plan has it. */
export function planLoad(written: object): PlannedLoad {
  const load = parse(written);
  return {
    name: 'load',
    from: 'client',
    to: 'shop',
    port: 8080,
    request: { method: 'GET', path: '/cart', headers: {}, body: undefined, timeoutMs: load.timeout },
    shape: shapeOf(load, '/scenarios'),
    ...sizeOf(load),
    seed: undefined,
  };
}

/** Everything wrong with a load: "path: message | hint". */
export function mistakesIn(written: object): string[] {
  return mistakesInLoad(parse(written)).map(
    ({ path, message, hint }) => `${path.join('.')}: ${message}${hint === undefined ? '' : ` | ${hint}`}`,
  );
}

/** What the generated script of a load tells k6: the executor, and when requests are due. */
export function generatedScript(written: object): { readonly executor: object; readonly pieces: object[] } {
  const { files, script } = loadJob(planLoad(written), 'shop.default');
  const object = (name: string) =>
    JSON.parse(new RegExp(`const ${name} = ({.*?\n});`, 's').exec(files[script] ?? '')?.[1] ?? '{}');
  return { executor: object('options').scenarios.load, pieces: object('job').pieces };
}

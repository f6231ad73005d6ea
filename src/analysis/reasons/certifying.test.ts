import { expect, test } from 'vitest';
import type { Ending } from '../../evidence/endings.ts';
import type { Proof } from '../../model/fault.ts';
import type { SettledEnding } from '../traffic/traffic.ts';
import { certifyingFault } from './certifying.ts';

const [web, shop] = [0, 1];
const evidence = { context: { instances: [{ name: 'web' }, { name: 'shop' }] } } as never;
const distrusted = {
  instance: shop,
  clues: { distrust: { of: 'server', since: 'expired' } },
} as SettledEnding;
const answered = { instance: shop } as SettledEnding;
const denied = { reason: 'denied' } as Ending;

const fault = (proof: Proof, target: string) =>
  [{ targets: [target], planned: { proof }, injectingAtMs: 1_000, revertedAtMs: 2_000 }] as never;
const expired = { kind: 'certificate', is: 'expired' } as const;
const ofAnother = { kind: 'certificate', is: 'of-another', serviceAccount: 'x' } as const;

test.each([
  ['a certificate of the host that is not accepted', distrusted, undefined, fault(expired, 'shop'), 1_500, 0],
  ['one of the caller', distrusted, undefined, fault(expired, 'web'), 1_500, 0],
  [
    'a change of the authority',
    distrusted,
    undefined,
    fault({ kind: 'authority', overlap: false }, 'web'),
    1_500,
    0,
  ],
  ['a caller who passes for another one', answered, denied, fault(ofAnother, 'web'), 1_500, 0],
  ['another fault', distrusted, undefined, fault({ kind: 'silent' }, 'shop'), 1_500, -1],
  ['one on somebody else', distrusted, undefined, fault(expired, 'other'), 1_500, -1],
  ['one that is over', distrusted, undefined, fault(expired, 'shop'), 2_001, -1],
  ['a refusal by policy beside an expired certificate', answered, denied, fault(expired, 'web'), 1_500, -1],
  [
    'a refusal by policy at a host that passes for another',
    answered,
    denied,
    fault(ofAnother, 'shop'),
    1_500,
    -1,
  ],
  ['an answer of the app', answered, undefined, fault(ofAnother, 'web'), 1_500, -1],
])('of %s the fault is told where it is one', (_what, client, server, records, atMs, found) => {
  expect(certifyingFault({ client, server, caller: web, atMs }, records, evidence)).toBe(found);
});

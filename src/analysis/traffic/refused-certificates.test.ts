import { expect, test } from 'vitest';
import type { Ending } from '../../evidence/endings.ts';
import type { CredentialsMoment } from '../../model/credentials.ts';
import type { Proof } from '../../model/fault.ts';
import { RefusedCertificates } from './refused-certificates.ts';

const [web, shop, other] = [0, 1, 2];
const instances = [{ name: 'web' }, { name: 'shop' }, { name: 'other' }];
const moments: readonly CredentialsMoment[] = ['before', 'injected', 'reverting'];

/** What is known of a fault from 1 s to 2 s on `web`, in the course of which `shop` refused three certificates. */
function during(proof: Proof, counted = 3): RefusedCertificates {
  const credentials = [
    ...moments.map((moment, index) => ({ fault: 'bad', moment, instance: 'shop', refused: index * counted })),
    ...moments.map((moment) => ({ fault: 'bad', moment, instance: 'other', refused: 7 })),
  ];
  const record = {
    name: 'bad',
    targets: ['web'],
    planned: { proof },
    injectingAtMs: 1_000,
    revertedAtMs: 2_000,
  };
  return new RefusedCertificates({ context: { instances }, credentials } as never, [record] as never);
}

const broken = { reason: 'reset', host: '-', refusedBy: undefined } as Ending;
const expired = { kind: 'certificate', is: 'expired' } as const;

test.each([
  [expired, 'expired'],
  [{ kind: 'certificate', is: 'foreign' } as const, 'authority'],
  [{ kind: 'authority', overlap: false } as const, 'authority'],
])('a connection that the host ended since %o is a certificate that it refused', (proof, since) => {
  expect(during(proof).settle(broken, web, shop, 1_500)).toMatchObject({
    reason: 'tls',
    clues: { distrust: { of: 'client', since } },
    refusedBy: 'server',
  });
});

test.each([
  ['before it', during(expired), broken, web, shop, 999],
  ['after it', during(expired), broken, web, shop, 2_001],
  ['of another caller', during(expired), broken, other, shop, 1_500],
  ['by a host that refused nothing', during(expired), broken, web, other, 1_500],
  ['while nobody refused anything', during(expired, 0), broken, web, shop, 1_500],
  ['that never came about', during(expired), { ...broken, reason: 'connect' } as Ending, web, shop, 1_500],
  ['with a new certificate', during({ kind: 'certificate', is: 'renewed' }), broken, web, shop, 1_500],
  ['with two authorities', during({ kind: 'authority', overlap: true }), broken, web, shop, 1_500],
])('a connection that ends %s is none', (_what, refused, ending, caller, host, atMs) => {
  expect(refused.settle(ending, caller, host, atMs)).toBe(ending);
});

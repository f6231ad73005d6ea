import { expect, test } from 'vitest';
import type { Certificate, CredentialsMoment, CredentialsSample } from '../../model/credentials.ts';
import { authority } from './authority.ts';
import { certificate } from './certificate.ts';
import type { Injected } from './contract.ts';

const spiffe = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;
const good: Certificate = { serial: '1', identity: spiffe('web'), validUntil: 9_000, signedBy: 'A' };

/** What one sidecar said in the course of a fault: of its certificate, the roots it trusts, and handshakes since it started. */
type Said = readonly [Partial<Certificate> | undefined, roots: readonly string[], handshakes: number];

const moments: readonly CredentialsMoment[] = ['before', 'injected', 'reverting'];

function injected(targets: Readonly<Record<string, readonly Said[]>>): Injected {
  const credentials = Object.entries(targets).flatMap(([instance, said]) =>
    said.map(([changed, roots, handshakes], index): CredentialsSample => {
      const shown = { ...good, ...changed };
      return {
        t: 1_000 * (index + 1),
        fault: 'fault',
        moment: moments[index] ?? 'before',
        instance,
        certificate: changed && shown,
        roots,
        handshakes,
        refused: 0,
      };
    }),
  );
  return { fault: { name: 'fault', targets: Object.keys(targets) }, evidence: { credentials } } as never;
}

const course = (changed: Partial<Certificate>, handshakes = 7): Said[] => [
  [{}, ['A'], 10],
  [{ serial: '2', ...changed }, ['A'], 11],
  [{ serial: '2', ...changed }, ['A'], 11 + handshakes],
];

test.each([
  ['renewed', course({})],
  ['expired', course({ validUntil: 500 })],
  ['foreign', course({ signedBy: undefined } as never)],
  ['of-another', course({ identity: spiffe('payments') })],
] as const)('a certificate that is %s is proven by what the sidecar shows, and as no other', (is, said) => {
  const look = (wanted: typeof is) =>
    certificate.look(
      { kind: 'certificate', is: wanted, serviceAccount: 'payments' },
      injected({ 'web-1': said }),
    );
  expect(look(is)).toMatchObject({ status: 'proven', observed: 'shown by web-1 in 7 handshakes' });
  for (const other of ['renewed', 'expired', 'foreign', 'of-another'] as const) {
    if (other !== is) expect(look(other).status).toBe('unproven');
  }
});

const renewed = { kind: 'certificate', is: 'renewed' } as const;
const nothing: Said[] = [
  [undefined, [], 0],
  [undefined, [], 0],
  [undefined, [], 0],
];

test.each([
  ['the one it had', [...course({}).slice(0, 1), ...course({ serial: '1' }).slice(1)], 'unproven', 'kept'],
  [
    'another before the end',
    [...course({}).slice(0, 2), ...course({ serial: '3' }).slice(2)],
    'unproven',
    'before its end',
  ],
  ['no certificate', nothing, 'unproven', 'shows nobody a certificate'],
  ['nothing at the end', course({}).slice(0, 2), 'unproven', 'was not heard of'],
  ['it in no handshake', course({}, 0), 'no-traffic', 'connections that are open keep'],
])('a sidecar that shows %s proves nothing', (_what, said, status, observed) => {
  const found = certificate.look(renewed, injected({ 'web-1': said as Said[] }));
  expect(found.status).toBe(status);
  expect(found.observed).toContain(observed);
});

test('every target has to show it', () => {
  const found = certificate.look(
    renewed,
    injected({ 'web-1': course({}), 'web-2': course({ validUntil: 500 }) }),
  );
  expect(found).toMatchObject({ status: 'unproven', observed: 'web-2 has not a new certificate' });
});

const rotation = (changed: Partial<Certificate>, roots: readonly string[], handshakes = 3): Said[] => [
  [{}, ['A'], 0],
  [{ serial: '2', ...changed }, roots, 0],
  [{ serial: '2', ...changed }, roots, handshakes],
];
const both = rotation({ signedBy: 'B' }, ['A', 'B']);
const alone = rotation({ signedBy: 'B' }, ['B']);
const old = rotation({ signedBy: 'A' }, ['A']);

test.each([
  ['all have changed and trust both', true, { 'web-1': both, 'shop-1': both }, 'proven'],
  ['one has kept the old authority', true, { 'web-1': both, 'shop-1': old }, 'unproven'],
  ['one trusts the new one alone', true, { 'web-1': both, 'shop-1': alone }, 'unproven'],
  ['some have changed and trust the new one alone', false, { 'web-1': old, 'shop-1': alone }, 'proven'],
  ['all have', false, { 'web-1': alone, 'shop-1': alone }, 'unproven'],
  ['those who have changed trust both', false, { 'web-1': old, 'shop-1': both }, 'unproven'],
])('of a rotation in which %s (overlap: %s): %o', (_what, overlap, targets, status) => {
  expect(authority.look({ kind: 'authority', overlap }, injected(targets)).status).toBe(status);
});

test('a rotation without a handshake proves nothing', () => {
  const still = rotation({ signedBy: 'B' }, ['A', 'B'], 0);
  expect(authority.look({ kind: 'authority', overlap: true }, injected({ 'web-1': still })).status).toBe(
    'no-traffic',
  );
});

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { HostInstance } from '../../contract.ts';
import { Authority } from './authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'bw-authority-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const instanceIn = (name: string) =>
  ({ name, serviceAccount: 'web', directory: join(folder, name) }) as HostInstance;

/** What a sidecar would read now. */
function filesOf({ directory }: HostInstance) {
  const at = join(directory, 'var/run/secrets/workload-spiffe-credentials');
  const text = (name: string) => readFileSync(join(at, name), 'utf8');
  const leaf = new X509Certificate(text('cert-chain.pem'));
  const roots = (text('root-cert.pem').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  return {
    names: readdirSync(at).toSorted(),
    identity: leaf.subjectAltName,
    serial: leaf.serialNumber.toLowerCase().replace(/^0+/, ''),
    hasItsKey: leaf.checkPrivateKey(createPrivateKey(text('key.pem'))),
    isCurrent: Date.parse(leaf.validFrom) < Date.now() && Date.now() < Date.parse(leaf.validTo),
    signedBy: roots.find((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey))?.fingerprint256,
    roots: roots.map(({ fingerprint256 }) => fingerprint256),
  };
}

const sound = { by: 'authority', expired: false } as const;

test('a sidecar starts with a key, its certificate and the root that has signed it', async () => {
  const instance = instanceIn('starts');
  await (await Authority.create('shop')).provide(instance);
  const { roots, ...files } = filesOf(instance);
  expect(files).toMatchObject({
    names: ['cert-chain.pem', 'key.pem', 'root-cert.pem'],
    identity: 'URI:spiffe://cluster.local/ns/shop/sa/web',
    hasItsKey: true,
    isCurrent: true,
    signedBy: roots[0],
  });
});

test.each([
  ['renewed', sound, {}],
  ['expired', { ...sound, expired: true }, { isCurrent: false }],
  ['foreign', { by: 'stranger', expired: false } as const, { signedBy: undefined }],
  [
    'of another identity',
    { ...sound, serviceAccount: 'payments' },
    { identity: 'URI:spiffe://cluster.local/ns/shop/sa/payments' },
  ],
])('a certificate that is %s is so in that alone, and has the key to it', async (name, wanted, differs) => {
  const authority = await Authority.create('shop');
  const instance = instanceIn(name);
  await authority.provide(instance);
  const before = filesOf(instance);
  const handed = await authority.issue(instance, wanted);
  const after = filesOf(instance);
  expect(after).toEqual({ ...before, serial: handed.serial, ...differs });
  expect(after.serial).not.toBe(before.serial);
  expect(handed.roots).toEqual(before.roots);
});

test('another authority is trusted beside the one before, then issues, then is trusted alone', async () => {
  const authority = await Authority.create('shop');
  const instance = instanceIn('rotates');
  await authority.provide(instance);
  const first = filesOf(instance);
  await authority.succeed();
  await authority.trust(instance, 'both');
  const introduced = filesOf(instance);
  expect(introduced.roots).toHaveLength(2);
  expect(introduced.roots).toContain(first.signedBy);
  expect(introduced.serial).toBe(first.serial);
  const handed = await authority.renew(instance);
  const issued = filesOf(instance);
  expect(issued.signedBy).not.toBe(first.signedBy);
  expect(issued.serial).toBe(handed.serial);
  // Once is enough.
  expect((await authority.renew(instance)).serial).toBe(handed.serial);
  await authority.trust(instance, 'newest');
  const withdrawn = filesOf(instance);
  expect(withdrawn.roots).toEqual([issued.signedBy]);
  expect(withdrawn.hasItsKey).toBe(true);
});

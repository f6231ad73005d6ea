import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCertificateAuthority } from '../istio/host/certificates.ts';
import { envoyCredentials } from './credentials.ts';

const { read } = envoyCredentials({ certificate: 'default', roots: 'ROOTCA' });
const inline = (pem: string) => ({ inline_bytes: Buffer.from(pem).toString('base64') });

/** What an Envoy answers that has been given a chain and roots, and shows certificates with these serial numbers. */
function answers(chain: string, roots: readonly string[], shown: readonly string[], counters = '') {
  const certs = {
    certificates: shown.map((serial) => ({ cert_chain: [{ serial_number: serial }] })),
  };
  const secrets = {
    configs: [
      { name: 'default', secret: { tls_certificate: { certificate_chain: inline(chain) } } },
      { name: 'ROOTCA', secret: { validation_context: { trusted_ca: inline(roots.join('')) } } },
    ],
  };
  return [JSON.stringify(certs), JSON.stringify(secrets), counters];
}

test('a certificate in use is told with who has signed it, and the roots that are trusted', async () => {
  const [own, other] = await Promise.all(['own', 'other'].map((name) => createCertificateAuthority(name)));
  if (!own || !other) throw new Error('no authority');
  const identity = 'spiffe://cluster.local/ns/default/sa/web';
  const { chain, serial } = await own.issue(identity);
  const counters =
    'cluster.outbound|8080||shop;.ssl.handshake: 3\nlistener.127.1.2.3_8080.ssl.fail_verify_error: 2\n';
  const held = read(answers(chain, [other.root, own.root], [`0${serial}`], counters));
  expect(held).toMatchObject({
    certificate: { serial, identity, signedBy: own.fingerprint },
    roots: [other.fingerprint, own.fingerprint],
    handshakes: 5,
    refused: 2,
  });
  expect(held.certificate?.validUntil).toBe(Date.parse(new X509Certificate(chain).validTo));
  const distrusted = read(answers(chain, [other.root], [serial]));
  expect(distrusted.certificate).toMatchObject({ serial });
  expect(distrusted.certificate?.signedBy).toBeUndefined();
});

test('a certificate that no listener and no cluster shows is not in use', async () => {
  const own = await createCertificateAuthority('own');
  const { chain } = await own.issue('spiffe://cluster.local/ns/default/sa/web');
  expect(read(answers(chain, [own.root], ['1f'])).certificate).toBeUndefined();
  expect(read(['{}', '{}', ''])).toEqual({ certificate: undefined, roots: [], handshakes: 0, refused: 0 });
});

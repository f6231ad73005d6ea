import 'reflect-metadata';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Runs are short; clocks of containers and virtual machines are not always right. */
const skewMs = 5 * 60_000;

/** The certificate authority of one run; its key never leaves the process. */
export interface CertificateAuthority {
  readonly certificate: X509Certificate;
  /** Writes cert-chain.pem, key.pem and root-cert.pem for a SPIFFE identity; valid for `lifetimeMs`. */
  issue(spiffeId: string, directory: string, lifetimeMs: number): Promise<void>;
}

export async function createCertificateAuthority(
  name: string,
  lifetimeMs: number,
): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `O=breakwater, CN=${name}`,
    notBefore: new Date(Date.now() - skewMs),
    notAfter: new Date(Date.now() + lifetimeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate,
    async issue(spiffeId, directory, leafLifetimeMs) {
      const leafKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const leaf = await X509CertificateGenerator.create({
        subject: 'O=breakwater',
        issuer: certificate.subject,
        notBefore: new Date(Date.now() - skewMs),
        notAfter: new Date(Date.now() + leafLifetimeMs),
        signingAlgorithm: algorithm,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }], true),
        ],
      });
      const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
      const keyPem = `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await Promise.all([
        writeFile(join(directory, 'cert-chain.pem'), `${leaf.toString('pem')}\n`),
        writeFile(join(directory, 'key.pem'), keyPem, { mode: 0o600 }),
        writeFile(join(directory, 'root-cert.pem'), `${certificate.toString('pem')}\n`),
      ]);
    },
  };
}

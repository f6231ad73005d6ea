import 'reflect-metadata';
import { X509Certificate as ReadCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { serialText } from '../../../model/credentials.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Runs are short; clocks of containers and virtual machines are not always right. */
const skewMs = 5 * 60_000;

/** A certificate authority; its key never leaves the process. */
export interface CertificateAuthority {
  /** Its own certificate. */
  readonly root: string;
  /** SHA-256 of that, as everybody else has it. */
  readonly fingerprint: string;
  /** A new key with a certificate for a SPIFFE identity: for a day, or one whose time was over an hour ago. */
  issue(spiffeId: string, expired?: boolean): Promise<Issued>;
  /** The same for host names, for a day. */
  issueFor(hosts: readonly string[]): Promise<Issued>;
}

/** A key and its certificate, as PEM. */
interface Issued {
  readonly chain: string;
  readonly key: string;
  /** As `Certificate` has it. */
  readonly serial: string;
}

export async function createCertificateAuthority(name: string): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `O=breakwater, CN=${name}`,
    notBefore: new Date(Date.now() - skewMs),
    notAfter: new Date(Date.now() + dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const root = `${certificate.toString('pem')}\n`;
  const issue = async (names: JsonGeneralNames, expired: boolean): Promise<Issued> => {
    const leafKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const notAfter = Date.now() + (expired ? -hourMs : dayMs);
    const leaf = await X509CertificateGenerator.create({
      subject: 'O=breakwater',
      issuer: certificate.subject,
      notBefore: new Date(Math.min(Date.now() - skewMs, notAfter - hourMs)),
      notAfter: new Date(notAfter),
      signingAlgorithm: algorithm,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(names, true),
      ],
    });
    const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', leafKeys.privateKey)).toString('base64');
    return {
      chain: `${leaf.toString('pem')}\n`,
      key: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`,
      serial: serialText(leaf.serialNumber),
    };
  };
  return {
    root,
    fingerprint: new ReadCertificate(root).fingerprint256,
    issue: (spiffeId, expired = false) => issue([{ type: 'url', value: spiffeId }], expired),
    issueFor: (hosts) =>
      issue(
        hosts.map((value) => ({ type: 'dns', value })),
        false,
      ),
  };
}

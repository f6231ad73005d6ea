import { X509Certificate } from 'node:crypto';
import { type Certificate, type Credentials, serialText } from '../../model/credentials.ts';
import type { MeshSidecar } from '../contract.ts';
import { parseStats, statsPath } from './admin.ts';

/** What a mesh's agent calls the secrets that it gives its Envoy. */
export interface SecretNames {
  readonly certificate: string;
  readonly roots: string;
}

/** Statistics of TLS handshakes, for whoever has to keep them: those that came about, and those that did not. */
export const handshakeCounters = [
  'handshake',
  'connection_error',
  'fail_verify_error',
  'fail_verify_san',
].map((name) => `ssl.${name}`);

interface CertificateDump {
  readonly certificates?: readonly {
    readonly cert_chain?: readonly { readonly serial_number?: string }[];
  }[];
}

interface SecretDump {
  readonly configs?: readonly {
    readonly name?: string;
    readonly secret?: {
      readonly tls_certificate?: { readonly certificate_chain?: Inline };
      readonly validation_context?: { readonly trusted_ca?: Inline };
    };
  }[];
}

/** A text that stands where it is used. */
export interface Inline {
  readonly inline_bytes?: string;
  readonly inline_string?: string;
}

/** Path of the statistics of handshakes. */
export const handshakesPath = statsPath(
  `(listener|cluster)\\..*\\.(${handshakeCounters.map((name) => name.replace('.', '\\.')).join('|')})`,
);

/**
 * What an Envoy has been given by its agent, and uses: a certificate that none of its listeners and clusters shows is
 * one that it did not take, and those show the one before.
 */
export function envoyCredentials(names: SecretNames): MeshSidecar['credentials'] {
  return {
    paths: ['/certs', '/config_dump?resource=dynamic_active_secrets', handshakesPath],
    read([certs = '', secrets = '', counters = '']): Credentials {
      const { configs = [] } = parse<SecretDump>(secrets);
      const secretOf = (name: string) => configs.find((config) => config.name === name)?.secret;
      const roots = certificatesIn(secretOf(names.roots)?.validation_context?.trusted_ca);
      const [leaf] = certificatesIn(secretOf(names.certificate)?.tls_certificate?.certificate_chain);
      return credentialsOf({ certs, counters, leaf, roots });
    },
  };
}

/** What an Envoy has been given, as far as it says itself (`/certs`) that it uses it, and what came of that. */
export function credentialsOf({
  certs,
  counters,
  leaf,
  roots,
}: {
  readonly certs: string;
  readonly counters: string;
  readonly leaf: X509Certificate | undefined;
  readonly roots: readonly X509Certificate[];
}): Credentials {
  const { certificates = [] } = parse<CertificateDump>(certs);
  const inUse = new Set(
    certificates.flatMap(({ cert_chain = [] }) =>
      cert_chain.slice(0, 1).map(({ serial_number = '' }) => serialText(serial_number)),
    ),
  );
  const counted = [...parseStats(counters)];
  const certificate = leaf && described(leaf, roots);
  return {
    certificate: certificate && inUse.has(certificate.serial) ? certificate : undefined,
    roots: roots.map(({ fingerprint256 }) => fingerprint256),
    handshakes: total(counted),
    refused: total(counted.filter(([name]) => name.includes('fail_verify'))),
  };
}

function described(leaf: X509Certificate, roots: readonly X509Certificate[]): Certificate {
  const signer = roots.find((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey));
  return {
    serial: serialText(leaf.serialNumber),
    identity: /URI:([^,\s]+)/.exec(leaf.subjectAltName ?? '')?.[1] ?? '',
    validUntil: Date.parse(leaf.validTo),
    ...(signer === undefined ? {} : { signedBy: signer.fingerprint256 }),
  };
}

/** Certificates as PEM, one after the other. */
export function certificatesIn({ inline_bytes, inline_string = '' }: Inline = {}): X509Certificate[] {
  const pem =
    inline_bytes === undefined ? inline_string : Buffer.from(inline_bytes, 'base64').toString('utf8');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

const total = (counters: readonly (readonly [string, string])[]) =>
  counters.reduce((sum, [, count]) => sum + Number(count), 0);

const parse = <T>(text: string): T => JSON.parse(text === '' ? '{}' : text) as T;

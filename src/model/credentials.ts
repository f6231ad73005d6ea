/** What a sidecar shows of itself when it speaks TLS, and whom it trusts. */
export interface Credentials {
  /** What it shows; undefined where nothing it has takes TLS. */
  readonly certificate: Certificate | undefined;
  /** Fingerprints of the roots that it trusts. */
  readonly roots: readonly string[];
  /** Handshakes that it has had a part in since it started, those that failed among them. */
  readonly handshakes: number;
  /** Whether all its connections are made anew when it gets another certificate, so that none goes on with an older one. */
  readonly reconnects?: true;
  /** Certificates of others that it has not accepted since it started. */
  readonly refused: number;
}

export interface Certificate {
  /** Hexadecimal, in small letters, without zeros in front. */
  readonly serial: string;
  /** "spiffe://cluster.local/ns/default/sa/frontend"; "" when it names none. */
  readonly identity: string;
  /** Epoch milliseconds. */
  readonly validUntil: number;
  /** Fingerprint of the root that has signed it, among those that the sidecar trusts itself; undefined where none has. */
  readonly signedBy?: string;
}

/** The moments of a fault at which sidecars are asked: before it, once it is made, and before it is taken back. */
export type CredentialsMoment = 'before' | 'injected' | 'reverting';

/** What one sidecar said of itself; credentials.jsonl has one a line. */
export interface CredentialsSample extends Credentials {
  /** Epoch milliseconds of the answer. */
  readonly t: number;
  readonly fault: string;
  readonly moment: CredentialsMoment;
  readonly instance: string;
}

/** A serial number as `Certificate` has it. */
export const serialText = (hex: string) => hex.toLowerCase().replace(/^0+(?=.)/, '');

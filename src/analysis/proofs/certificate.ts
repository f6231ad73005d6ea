import { plural } from '../../kit/format.ts';
import type { CertificateTrait } from '../../model/fault.ts';
import type { ProofKind, ProofOf } from './contract.ts';
import { type Course, coursesOf, handshakesIn, those } from './credentials.ts';

type Wanted = ProofOf<'certificate'>;

const words: Readonly<Record<CertificateTrait, (wanted: Wanted) => string>> = {
  renewed: () => 'a new certificate',
  expired: () => 'a certificate that has expired',
  foreign: () => 'a certificate of an authority that they do not trust themselves',
  'of-another': ({ serviceAccount }) => `a certificate with the identity of ${serviceAccount}`,
};

/**
 * Each target's sidecar shows another certificate than before, which is what it was to be, from when the fault was made
 * until it was taken back; and connections are made with it. One that is open keeps what it began with, so that without
 * a new one nobody would have seen the certificate.
 */
export const certificate: ProofKind<Wanted> = {
  expected: (wanted) => `the targets show ${words[wanted.is](wanted)}, in handshakes too`,
  look(wanted, injected) {
    const { courses, troubles } = coursesOf(injected);
    const samples = handshakesIn(courses);
    const lacking = [
      [
        those(courses, ({ before, injected: made }) => made.certificate.serial === before.certificate.serial),
        'kept the certificate it had',
      ],
      [those(courses, (course) => !isAsWanted(wanted, course)), `has not ${words[wanted.is](wanted)}`],
      [
        those(
          courses,
          ({ injected: made, reverting }) => made.certificate.serial !== reverting.certificate.serial,
        ),
        'had another one before its end',
      ],
    ] as const;
    const wrong = [...troubles, ...lacking.flatMap(([who, what]) => (who === '' ? [] : [`${who} ${what}`]))];
    if (wrong.length > 0) return { status: 'unproven', observed: wrong.join('; '), samples };
    const who = injected.fault.targets.join(', ');
    if (samples === 0) {
      const observed = `${who} had no handshake while it was on: connections that are open keep the certificate they began with`;
      return { status: 'no-traffic', observed, samples };
    }
    return { status: 'proven', observed: `shown by ${who} in ${plural(samples, 'handshake')}`, samples };
  },
};

function isAsWanted({ is, serviceAccount }: Wanted, { before, injected: { t, certificate: made } }: Course) {
  const isCurrent = made.validUntil > t;
  const isTrusted = made.signedBy !== undefined;
  const isOwn = made.identity === before.certificate.identity;
  switch (is) {
    case 'renewed':
      return isCurrent && isTrusted && isOwn;
    case 'expired':
      return !isCurrent && isTrusted && isOwn;
    case 'foreign':
      return isCurrent && !isTrusted && isOwn;
    case 'of-another':
      return isCurrent && isTrusted && made.identity.endsWith(`/sa/${serviceAccount}`);
  }
}

import { plural } from '../../kit/format.ts';
import type { CredentialsSample } from '../../model/credentials.ts';
import type { ProofKind, ProofOf } from './contract.ts';
import { type Course, coursesOf, handshakesIn, those } from './credentials.ts';

/** Certificates are of another authority than before, and everybody trusts both; or those who have changed trust it alone. */
export const authority: ProofKind<ProofOf<'authority'>> = {
  expected: ({ overlap }) =>
    overlap
      ? 'certificates of another authority, and everybody trusts both'
      : 'some have changed to another authority, and trust it alone; others have not',
  look({ overlap }, injected) {
    const { courses, troubles } = coursesOf(injected);
    const samples = handshakesIn(courses);
    const changed = courses.filter(hasChanged);
    const stayed = courses.filter((course) => !hasChanged(course));
    const unlike = those(changed, ({ before, injected: made, reverting }) => {
      const old = before.certificate.signedBy ?? '';
      return [made, reverting].some((sample) => trusts(sample, old) !== overlap || !trustsItself(sample));
    });
    const wrong = [
      ...troubles,
      ...(unlike === ''
        ? []
        : [`${unlike} ${overlap ? 'does not trust both' : 'goes on to trust the old one'}`]),
      ...(overlap && stayed.length > 0 ? [`${those(stayed, () => true)} kept the old authority`] : []),
      ...(!overlap && (changed.length === 0 || stayed.length === 0)
        ? ['all trust one authority, as they did before']
        : []),
    ];
    if (wrong.length > 0) return { status: 'unproven', observed: wrong.join('; '), samples };
    if (samples === 0) {
      const observed = 'nobody had a handshake while it was on: connections that are open stay as they are';
      return { status: 'no-traffic', observed, samples };
    }
    const who = `${plural(changed.length, 'sidecar')} with certificates of the new authority`;
    const observed = overlap
      ? `${who}, which all trust both, ${plural(samples, 'handshake')}`
      : `${who}, ${stayed.length} with those of the old one, ${plural(samples, 'handshake')}`;
    return { status: 'proven', observed, samples };
  },
};

const hasChanged = ({ before, injected: made }: Course) =>
  made.certificate.signedBy !== before.certificate.signedBy;
const trusts = ({ roots }: CredentialsSample, root: string) => roots.includes(root);
const trustsItself = ({ certificate }: CredentialsSample) => certificate?.signedBy !== undefined;

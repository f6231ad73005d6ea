import type { Certificate, CredentialsMoment, CredentialsSample } from '../../model/credentials.ts';
import type { Injected } from './contract.ts';

/** What the sidecar of one target said of itself in the course of a fault. */
export interface Course {
  readonly instance: string;
  readonly before: Shown;
  readonly injected: Shown;
  readonly reverting: Shown;
  /** Handshakes that it had a part in with the certificate of the fault, or with those on the way to it. */
  readonly handshakes: number;
}

type Shown = CredentialsSample & { readonly certificate: Certificate };

/** The course of the fault at every target; or why that of one is not known. */
export function coursesOf({ fault, evidence }: Injected): {
  readonly courses: readonly Course[];
  readonly troubles: readonly string[];
} {
  const courses: Course[] = [];
  const troubles: string[] = [];
  for (const instance of fault.targets) {
    const at = (moment: CredentialsMoment) =>
      evidence.credentials.find(
        (each) => each.fault === fault.name && each.instance === instance && each.moment === moment,
      );
    const [before, injected, reverting] = [at('before'), at('injected'), at('reverting')];
    if (!before || !injected || !reverting) troubles.push(`the sidecar of ${instance} was not heard of`);
    else if (!isShown(before) || !isShown(injected) || !isShown(reverting))
      troubles.push(`the sidecar of ${instance} shows nobody a certificate`);
    else {
      const since = injected.reconnects ? before : injected;
      const handshakes = reverting.handshakes - since.handshakes;
      courses.push({ instance, before, injected, reverting, handshakes });
    }
  }
  return { courses, troubles };
}

const isShown = (sample: CredentialsSample): sample is Shown => sample.certificate !== undefined;

/** Those of which something holds, as text; "" where it holds of none. */
export const those = (courses: readonly Course[], holds: (course: Course) => boolean): string =>
  courses
    .filter(holds)
    .map(({ instance }) => instance)
    .join(', ');

export const handshakesIn = (courses: readonly Course[]) =>
  courses.reduce((sum, { handshakes }) => sum + handshakes, 0);

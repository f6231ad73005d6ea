import { plural } from '../../kit/format.ts';
import type { Rule } from './contract.ts';
import { judgement, NOT_APPLICABLE } from './judgement.ts';

/** Below this a fault has little to show itself by, whatever it did. */
const FEW_REQUESTS = 50;

/** Every fault is proven at its targets: one that did nothing says nothing about the mesh. */
export const faultEffect: Rule = {
  name: 'fault-effect',
  title: 'Every fault had its effect',
  ofRequests: true,
  judge({ faults, records }) {
    if (faults.length === 0) return { ...NOT_APPLICABLE, limit: 'only with faults' };
    const idle = faults.filter(({ efficacy }) => efficacy.status !== 'proven');
    const [first] = idle;
    if (first === undefined) {
      return judgement(false, `${plural(faults.length, 'fault')} proven`, 'every fault proven', '');
    }
    const { kind } = records.find(({ name }) => name === first.name)?.planned.proof ?? {};
    const advice = {
      proven: '',
      'not-injected': 'It could not be injected: the journal and logs/ say why.',
      'no-traffic':
        kind === 'certificate' || kind === 'authority'
          ? 'Open connections ask for no certificate, and plaintext has none: let connections be new, with maxRequestsPerConnection in a DestinationRule, and let there be requests.'
          : kind === 'cut-link' || kind === 'slower-link'
            ? 'Nobody sent anything to its targets on that way: aim it at instances that get traffic from there, and let the mesh not have left them beforehand.'
            : 'Nothing reached its targets, so it disturbed nobody: aim it at instances that get traffic in the steady state.',
      unproven:
        first.efficacy.samples < FEW_REQUESTS
          ? 'Hardly anything reached its targets while it was on, so there is little to see it by: raise the rate, or aim it at instances that keep their traffic.'
          : 'Its targets do not show it: the fault did not take, or something else answered in their place.',
    }[first.efficacy.status];
    return judgement(
      true,
      idle.map(({ name, efficacy }) => `${name}: ${efficacy.observed}`).join('; '),
      first.efficacy.expected,
      advice,
      idle.map(({ name }) => name),
    );
  },
};

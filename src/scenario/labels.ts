import { z } from 'zod';

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const word = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const dnsWord = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

const labelKey = z
  .string()
  .regex(
    new RegExp(`^(?=[^/]{1,253}/|[^/]*$)(${dnsWord}(\\.${dnsWord})*/)?${word}$`),
    "expected a label's name, such as team or example.com/team: up to 63 letters, digits, dashes, dots and underscores, a letter or digit at both ends",
  );

const labelValue = z
  .string()
  .regex(
    new RegExp(`^(${word})?$`),
    "expected a label's value: up to 63 letters, digits, dashes, dots and underscores, a letter or digit at both ends",
  );

/** Labels that Kubernetes and Istio take. */
export const labels = () =>
  z.record(
    labelKey.refine((name) => name !== 'app', 'the label app is the name of the service; leave it out'),
    labelValue,
  );

/** region/zone[/sub-zone], each of them the value of a label in a cluster. */
export const locality = () =>
  z
    .string()
    .regex(
      new RegExp(`^${word}(/${word}){1,2}$`),
      'expected region/zone or region/zone/sub-zone, each of letters, digits, dashes, dots and underscores',
    );

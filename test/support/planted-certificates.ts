import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './breakwater.ts';

/** A mistake with certificates that is valid and not what was meant. */
interface PlantedCertificate {
  readonly name: string;
  readonly scenario: 'certificate-rotation';
  /** Kind of a check that must be among the failed ones. */
  readonly fails: string;
  /** Plants it, with what it takes written into the folder; arguments of `run`. */
  readonly args: (folder: string) => readonly string[];
  /** What the report has to name, and the end of where it is written. */
  readonly names: RegExp;
  readonly source: RegExp;
}

export const plantedCertificates: readonly PlantedCertificate[] = [
  {
    name: 'the authority replaced without an overlap',
    scenario: 'certificate-rotation',
    fails: 'success-rate',
    args: () => ['--set', 'faults.2.overlap=false'],
    names: /^fault authority: the certificate authority is replaced, overlap: false$/,
    source: /certificate-rotation\.yaml:\d+$/,
  },
  {
    name: 'an identity that the server does not have',
    scenario: 'certificate-rotation',
    fails: 'success-rate',
    args: (folder) => {
      const sound = readFileSync(join(root, 'scenarios/mesh/certificate-rotation.yaml'), 'utf8');
      const path = join(folder, 'planted.yaml');
      writeFileSync(
        path,
        sound.replace(
          '  trafficPolicy:\n',
          '  trafficPolicy:\n    tls: { mode: ISTIO_MUTUAL, subjectAltNames: ["spiffe://cluster.local/ns/default/sa/edge"] }\n',
        ),
      );
      return ['--config', path];
    },
    names: /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.tls\.subjectAltNames/,
    source: /planted\.yaml:\d+$/,
  },
];

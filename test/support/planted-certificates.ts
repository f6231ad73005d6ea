import { type Planted, plantedFile } from './planted.ts';

/** A mistake with certificates. */
type PlantedCertificate = Planted<'certificate-rotation'>;

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
    args: (folder) => [
      '--config',
      plantedFile(folder, 'certificate-rotation.yaml', (text) =>
        text.replace(
          '  trafficPolicy:\n',
          '  trafficPolicy:\n    tls: { mode: ISTIO_MUTUAL, subjectAltNames: ["spiffe://cluster.local/ns/default/sa/edge"] }\n',
        ),
      ),
    ],
    names: /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.tls\.subjectAltNames/,
    source: /planted\.yaml:\d+$/,
  },
];

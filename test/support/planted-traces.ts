import { type Planted, plantedFile } from './planted.ts';

/** A mistake that breaks traces, or keeps them from coming. */
type PlantedTrace = Planted<'tracing'>;

const telemetry = (from: string, to: string) => (folder: string) => [
  '--config',
  plantedFile(folder, 'tracing.yaml', (text) => text.replace(from, to)),
];

export const plantedTraces: readonly PlantedTrace[] = [
  {
    name: 'an app that passes no headers of a trace on',
    scenario: 'tracing',
    fails: 'complete-traces',
    args: () => ['--set', 'topology.services.edge-app.app.propagates=false'],
    names: /^topology\.services\.edge-app\.app\.propagates: false$/,
    source: /tracing\.yaml:\d+$/,
  },
  {
    name: 'sampling of 0',
    scenario: 'tracing',
    fails: 'proportion',
    args: telemetry('randomSamplingPercentage: 50', 'randomSamplingPercentage: 0'),
    names: /^Telemetry\/mesh-tracing spec\.tracing\[0\]\.randomSamplingPercentage: 0$/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a provider that the mesh does not have',
    scenario: 'tracing',
    fails: 'proportion',
    args: telemetry('- name: zipkin', '- name: zipkn'),
    names: /^Telemetry\/mesh-tracing spec\.tracing\[0\]\.providers\[0\]\.name: zipkn$/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'no provider named, and none that is the default',
    scenario: 'tracing',
    fails: 'proportion',
    args: telemetry('    - providers:\n        - name: zipkin\n      random', '    - random'),
    names: /^Telemetry\/mesh-tracing spec\.tracing\[0\]/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'a Telemetry for the caller alone',
    scenario: 'tracing',
    fails: 'complete-traces',
    args: telemetry('spec:\n  tracing', 'spec:\n  selector: { matchLabels: { app: frontend } }\n  tracing'),
    names: /^Telemetry\/mesh-tracing spec\.selector is not in effect: it selects workloads with app=frontend/,
    source: /planted\.yaml:\d+$/,
  },
  {
    name: 'what comes in is not reported',
    scenario: 'tracing',
    fails: 'complete-traces',
    args: telemetry(
      '      randomSamplingPercentage: 50\n',
      '      randomSamplingPercentage: 50\n    - match: { mode: SERVER }\n      disableSpanReporting: true\n',
    ),
    names: /^Telemetry\/mesh-tracing spec\.tracing\[1\]\.disableSpanReporting: true$/,
    source: /planted\.yaml:\d+$/,
  },
];

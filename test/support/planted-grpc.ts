import type { PlantedText } from './defects.ts';
import type { Planted } from './planted.ts';

/** Settings that are right for HTTP and do nothing for gRPC, or less. */
export const plantedGrpc: readonly PlantedText[] = [
  {
    name: 'retryOn for HTTP only',
    scenario: 'grpc',
    fails: 'error-count',
    change: ['retryOn: unavailable,', 'retryOn: 5xx,'],
    names: /^VirtualService\/edge-app-vs spec\.http\[0\]\.retries\.retryOn: 5xx,connect-failure/,
  },
  {
    name: 'a limit of connections, which calls share',
    scenario: 'grpc',
    fails: 'overflow',
    change: ['      http:\n        http2MaxRequests: 20\n', '      tcp:\n        maxConnections: 20\n'],
    names: /^http2MaxRequests: no limit \(default of Istio\)$/,
  },
  {
    name: 'more errors in a row than ever come',
    scenario: 'grpc',
    fails: 'time-to-eject',
    change: ['consecutive5xxErrors: 5', 'consecutive5xxErrors: 5000'],
    names: /^DestinationRule\/edge-app-dr spec\.trafficPolicy\.outlierDetection\.consecutive5xxErrors: 5000$/,
  },
];

/** A name by which the mesh does not know what is spoken. */
export const plantedPortName: Planted<'grpc'> = {
  name: 'a port named so that Istio takes it for TCP',
  scenario: 'grpc',
  fails: 'success-rate',
  args: () => ['--set', 'topology.services.edge-app.portName=tcp-edge'],
  names: /^topology services\.edge-app\.portName: tcp-edge$/,
  source: /portName=tcp-edge$/,
};

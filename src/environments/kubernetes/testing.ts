import type { V1Pod } from '@kubernetes/client-node';
import { WORKLOAD_LABEL } from './api.ts';

/** Replicas and pods of one workload, for tests. */
export const instance = (replica: number) => ({
  name: `edge-app-east-${replica}`,
  service: 'edge-app',
  workload: 'edge-app-east',
  replica,
  locality: 'region1/zone-east',
  serviceAccount: 'edge-app',
  labels: {},
  role: 'server' as const,
  port: 8080,
});
export const pod = (name: string, podIP: string): V1Pod => ({
  metadata: { name, uid: name, labels: { [WORKLOAD_LABEL]: 'edge-app-east' } },
  status: { podIP },
});

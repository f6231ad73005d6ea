/**
 * What is used of the Kubernetes client. It has classes for every kind of every version, sixty megabytes of them: the
 * package carries this file with what it needs of them in it (build.ts).
 */
export {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  PortForward,
} from '@kubernetes/client-node';

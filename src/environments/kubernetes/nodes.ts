/**
 * What happens to the nodes of a cluster and to processes on them, for which the API has no words. `instance` is
 * whose fault it is: a node is as before once no instance needs it otherwise.
 */
export interface Nodes {
  /** Sends SIGKILL to containers. Nothing on the node is started again until `release`, and nothing else on it ends. */
  kill(node: string, instance: string, containers: readonly string[]): Promise<void>;
  /** Takes back a kill; resolves when the node may start things again. */
  release(node: string, instance: string, signal?: AbortSignal): Promise<void>;
  /** Signals every process of these containers. */
  signal(node: string, name: 'STOP' | 'CONT', containers: readonly string[]): Promise<void>;
  /** Takes the node's power away. */
  stop(node: string, instance: string): Promise<void>;
  /** Gives it back. */
  start(node: string, instance: string, signal?: AbortSignal): Promise<void>;
  /** Whether something is on that nobody has taken back. */
  readonly disturbed: boolean;
  /** Takes back whatever this lab or an earlier one has left on them. */
  mend(): Promise<void>;
}

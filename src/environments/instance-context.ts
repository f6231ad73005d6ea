import type { InstanceContext } from '../model/evidence.ts';
import type { Instance } from '../model/topology.ts';

/** What evidence says of an instance; `addresses`: those by which logs and statistics know it. */
export const instanceContext = (
  { name, service, workload, replica, locality, role, gateway, network }: Instance,
  addresses: readonly string[],
): InstanceContext => ({
  name,
  service,
  workload,
  replica,
  locality,
  role,
  ...(gateway === undefined ? {} : { gateway }),
  ...(network === undefined ? {} : { network }),
  addresses,
});

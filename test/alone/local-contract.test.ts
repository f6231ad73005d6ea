import { environments } from '../../src/environments/index.ts';
import { createProgress } from '../../src/kit/terminal.ts';
import { istio } from '../../src/meshes/istio/index.ts';
import { environmentContract } from '../environment-contract.ts';

const progress = createProgress(process.stderr, true);
environmentContract(() => environments.local(istio, progress, new AbortController().signal), {
  timeoutMs: 60_000,
  controlPlaneReturns: 5,
  changes: true,
});

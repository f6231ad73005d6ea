import { checkKind } from '../checks/index.ts';
import { faultKind } from '../faults/index.ts';
import { ProblemsError } from '../kit/problems.ts';
import { describeTarget } from '../model/target.ts';
import type { LoadedScenario, Scenario } from '../scenario/schema.ts';
import type { Plan, PlannedCheck, PlannedFault, PlannedInstance } from './contract.ts';
import {
  faultNames,
  loadDurationMs,
  peakRate,
  replicasOf,
  targetsOf,
  usersOf,
  windowName,
} from './derive.ts';
import { mistakesInMeaning } from './meaning.ts';

/**
 * What a run of the scenario will do, worked out in full. Throws one ProblemsError with every mistake
 * in how the parts of the scenario fit together.
 */
export function planScenario(loaded: LoadedScenario): Plan {
  const { scenario } = loaded;
  const mistakes = mistakesInMeaning(scenario);
  if (mistakes.length > 0) throw new ProblemsError(mistakes.map((mistake) => loaded.locate(mistake)));
  const instances = replicasOf(scenario);
  return {
    scenario,
    file: loaded.file,
    profile: loaded.profile,
    instances,
    faults: planFaults(scenario, instances),
    checks: planChecks(scenario),
    meshFiles: loaded.meshFiles,
    loadMs: loadDurationMs(scenario),
    peakRate: peakRate(scenario),
    users: usersOf(scenario),
    script: loaded.script,
  };
}

function planFaults(scenario: Scenario, instances: readonly PlannedInstance[]): PlannedFault[] {
  const names = faultNames(scenario.faults);
  return scenario.faults.map((fault, index) => {
    const kind = faultKind(fault);
    const name = names[index] ?? fault.kind;
    const targets = targetsOf(fault, instances);
    return {
      name,
      fault,
      description: `${'on' in fault ? describeTarget(fault.on) : 'the control plane'} ${kind.describe(fault)}`,
      targets,
      atMs: fault.at,
      forMs: fault.for,
      actions: targets.map((target) => kind.actions(fault, name, target)),
      proof: kind.proof(fault),
    };
  });
}

function planChecks(scenario: Scenario): PlannedCheck[] {
  const faults = faultNames(scenario.faults);
  const taken = new Set(scenario.checks.flatMap(({ name }) => name ?? []));
  return scenario.checks.map((check) => {
    const window = windowName(check);
    const fault = window === 'fault' || window === 'recovery' ? (check.fault ?? faults[0]) : undefined;
    const described = checkKind(check).describe(check);
    const where = fault !== undefined && faults.length > 1 ? `${window} of ${fault}` : window;
    const wanted =
      check.name ?? ('during' in check || faults.length > 1 ? `${described} (${where})` : described);
    let name = wanted;
    for (let number = 2; check.name === undefined && taken.has(name); number++) name = `${wanted} #${number}`;
    taken.add(name);
    return { name, check, fault };
  });
}

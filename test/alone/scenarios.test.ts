import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outcome, Workspace } from '../support/breakwater.ts';
import { defects, expectFailure } from '../support/defects.ts';
import { processesOf } from '../support/processes.ts';

test.for(['circuit-breaker', 'outlier-ejection', 'zone-failover'])(
  '%s passes on sound configuration',
  async (name) => {
    using workspace = new Workspace();
    const finished = await workspace.run(`scenarios/${name}.yaml`);
    expect(finished.report?.verdict, outcome(finished)).toBe('pass');
    expect(finished.code).toBe(0);
    for (const file of ['report.json', 'report.html', 'report.md', 'junit.xml', 'evidence', 'logs']) {
      expect(existsSync(join(finished.folder ?? '', file)), file).toBe(true);
    }
    expect(finished.report?.faults.map((fault) => fault.efficacy.status)).toEqual(['proven']);
    expect(processesOf(workspace.runs)).toEqual([]);
    expect(readdirSync(workspace.runs)).toEqual([]);
  },
);

for (const defect of defects.filter(({ scenario }) => scenario === 'circuit-breaker')) {
  test(`${defect.name}: ${defect.scenario} fails`, () => expectFailure(defect));
}

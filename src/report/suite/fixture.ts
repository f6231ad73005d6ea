import { hostileReport, sampleReport } from '../fixture.ts';
import { brief, type Report } from '../model.ts';
import { SUITE_SCHEMA, type Suite, type SuiteScenario } from './model.ts';
import { conclude } from './outcome.ts';

/** A scenario of a suite that has a report. */
export function reported(report: Report): SuiteScenario {
  const { name, description, file, profile } = report.scenario;
  return {
    name,
    description,
    file,
    ...(profile === undefined ? {} : { profile }),
    ended: 'reported',
    wallMs: report.timing.wallMs,
    folder: report.run.id,
    report: brief(report),
  };
}

const named = (name: string) => ({
  name,
  description: 'Something else.',
  file: `scenarios/${name}.yaml`,
});

export const erred: SuiteScenario = {
  ...named('mtls'),
  ended: 'error',
  wallMs: 1_400,
  error: {
    message: 'istiod ended by itself (exit code 1)',
    hint: 'its log is in reports/mtls-20260314-101502-7f3a/logs',
    exitCode: 4,
  },
};

export const notRun: SuiteScenario = {
  ...named('header-routing'),
  ended: 'not-run',
  why: 'the suite was interrupted',
};

/** What a suite of these scenarios says. */
export function suiteOf(scenarios: readonly SuiteScenario[], interrupted = false): Suite {
  const { run } = sampleReport();
  return {
    schema: SUITE_SCHEMA,
    ...conclude(scenarios, interrupted),
    run: {
      id: 'suite-20260314-101502-7f3a',
      startedAt: run.startedAt,
      environment: run.environment,
      breakwater: run.breakwater,
      machine: run.machine,
      command: 'npx breakwater run scenarios/ --profile ci',
      seed: run.seed ?? 0,
    },
    wallMs: 143_000,
    scenarios: [...scenarios],
  };
}

/** One scenario of each outcome. */
export function sampleSuite(): Suite {
  const reports = (['pass', 'fail', 'invalid'] as const).map((verdict) => reported(sampleReport(verdict)));
  return suiteOf([...reports, erred, notRun]);
}

/** The same with names and messages that a hostile cluster could have given. */
export function hostileSuite(): Suite {
  const report = hostileReport();
  const attack = report.summary;
  const folder = `javascript:alert(1)/../"><script>window.__pwned=6</script>`;
  return suiteOf([
    { ...reported(report), folder } as SuiteScenario,
    reported({ ...report, verdict: 'invalid' }),
    { ...named(attack), ended: 'error', wallMs: 1, error: { message: attack, hint: attack, exitCode: 4 } },
    { ...named(attack), ended: 'not-run', why: attack },
  ]);
}

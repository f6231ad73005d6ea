import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { junit } from './junit.ts';

const count = (xml: string, pattern: RegExp) => [...xml.matchAll(pattern)].length;

describe('junit.xml', () => {
  test('has a case per check, probe and rule, none of them red when the run passed', () => {
    const report = sampleReport();
    const xml = junit(report);
    expect(count(xml, /<testcase /g)).toBe(
      report.checks.length + (report.probes ?? []).length + report.validity.length,
    );
    expect(xml).toMatch(/ failures="0" errors="0" skipped="\d"/);
    expect(xml).toContain('<property name="run.id" value="20260314-101502-zone-failover-7f3a"/>');
  });

  test('tells a failed check with what was observed, limit, window and samples', () => {
    const xml = junit(sampleReport('fail'));
    expect(xml).toContain('failures="1" errors="0"');
    expect(xml).toMatch(
      /reason: {3}A host of edge-app .*\nsetting: {2}DestinationRule\/edge-app .*: 5 \(zone-failover.mesh.yaml:23\)\nsetting: {2}maxEjectionPercent: 10 % .*\nsetting: {2}DestinationRule\/edge-app .*interval: 1s \(zone-failover.mesh.yaml:24\)</,
    );
    expect(xml).toMatch(
      /<failure message="observed 7.46 s, limit at most 5 s" type="fail">observed: 7.46 s\nlimit: {4}at most 5 s\nwindow: {3}fault, 20.2 s to 40.1 s\nsamples: {2}7,892\n/,
    );
  });

  test('a probe that went wrong is red where a check of expectations is, and skipped where they allow for it', () => {
    const report = sampleReport();
    const [probe] = report.probes ?? [];
    const [check] = report.checks;
    if (probe === undefined || check === undefined) throw new Error('nothing to change');
    const probes = [
      { ...probe, status: 'fail' as const },
      { ...probe, status: 'invalid' as const, known: 0, met: 0, came: [] },
    ];
    const allowed = junit({ ...report, probes });
    expect(allowed).toContain('failures="0" errors="0"');
    expect(allowed).toMatch(
      /<skipped message="expected 200, .*came 41 × 200, .*; the checks hold all the same"/,
    );
    const checks = [{ ...check, kind: 'expectations', status: 'fail' as const }, ...report.checks.slice(1)];
    const failed = junit({ ...report, verdict: 'fail', probes, checks });
    expect(failed).toContain('failures="2" errors="1"');
    expect(failed).toMatch(
      /<failure message="expected 200, .*\ncame: {5}41 × 200, .*\nmet: {6}60 of 60 known, 60 sent\nrule: /,
    );
  });

  test('tells a violated rule as an error', () => {
    const xml = junit(sampleReport('invalid'));
    expect(xml).toContain('failures="0" errors="2"');
    expect(xml).toContain('<error message="dropped-iterations: observed 3.2 % dropped');
  });

  test('is red whenever the run did not pass, even where nothing says why', () => {
    const xml = junit({ ...sampleReport(), verdict: 'invalid', interrupted: true });
    expect(xml).toContain('<error message="The run was interrupted."');
  });

  test('nothing that names carry becomes markup', () => {
    const xml = junit(hostileReport());
    expect(xml).not.toMatch(/<script|<img|<svg|<x\/>|]]>/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    expect(xml.isWellFormed()).toBe(true);
  });

  test('escapes what XML gives a meaning and replaces what it forbids', () => {
    const report = sampleReport();
    const name = 'a<b>&"c"\' \u0000\u001b\ud800\uffff]]>\ttab\nline';
    const written = 'a&lt;b&gt;&amp;&quot;c&quot;&apos; \ufffd\ufffd\ufffd\ufffd]]&gt;\ttab\nline';
    const xml = junit({ ...report, scenario: { ...report.scenario, name }, verdict: 'fail', summary: name });
    expect(xml).toContain(`<testsuite name="${written}" tests=`);
    expect(xml).toContain(`type="fail">${written}</failure>`);
  });

  test('a name that is a word of XML, JSON or JavaScript is a name', () => {
    const report = sampleReport();
    for (const name of ['true', 'null', '__proto__', '0', ' ']) {
      const xml = junit({
        ...report,
        checks: report.checks.slice(0, 1).map((check) => ({ ...check, name })),
      });
      expect(xml).toContain(` name="${name}" time="`);
    }
  });
});

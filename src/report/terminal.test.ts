import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { hostileReport, sampleReport } from './fixture.ts';
import { terminal } from './terminal.ts';

const reports = [sampleReport(), sampleReport('fail'), sampleReport('invalid'), hostileReport()];

describe('the summary on the terminal', () => {
  test.each(reports)('fits into 80 columns ($verdict)', (report) => {
    for (const color of [true, false]) {
      const text = stripVTControlCharacters(terminal(report, { color, width: 80 }));
      // The command stays on one line, to be copied.
      const lines = text.split('\n').filter((line) => !line.startsWith(' Again'));
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
    }
  });

  test.each(reports)('without colour it is plain ASCII ($verdict)', (report) => {
    expect(terminal(report, { color: false, width: 80, directory: 'reports/x' })).toMatch(/^[\n -~]*$/);
  });

  test('letters of a name stay what they are, to be pasted', () => {
    const report = sampleReport();
    const command = "npx breakwater run 'Prüfung/größe-日本.yaml'";
    const text = terminal({ ...report, run: { ...report.run, command } }, { color: false, width: 80 });
    expect(text).toContain(command);
  });

  test('no escape sequence of a name reaches the terminal', () => {
    const text = terminal(hostileReport(), { color: true, width: 80 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours are all there may be
    expect(text.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  test('says the verdict, the check that failed, and where to read on', () => {
    const text = terminal(sampleReport('fail'), { color: false, width: 80, directory: 'reports/x' });
    expect(text.split('\n').slice(1, 5).join('\n')).toMatchInlineSnapshot(`
      " == FAIL ==  zone-failover

       The mesh did not hold. Traffic took 7.46 s to leave zone eu-1/east, 2.46 s
       longer than allowed; every other expectation held."
    `);
    expect(text).toMatch(/FAIL +failed over within 5 s +7\.46 s +at most 5 s/);
    expect(text).toContain('reports/x/report.html');
  });

  test('says why a check failed, and the same reason once', () => {
    const report = sampleReport('fail');
    const failed = report.checks.filter(({ status }) => status === 'fail');
    const twice = { ...report, checks: [...report.checks, ...failed] };
    const text = terminal(twice, { color: false, width: 200 });
    const reason = failed[0]?.reason;
    expect(text.split(reason?.text ?? '-')).toHaveLength(2);
    expect(text).toContain(`${reason?.setting} ${reason?.source}`);
    expect(text).toContain('for the same reason as above');
  });

  test('shows each of several loads', () => {
    const report = sampleReport();
    const text = terminal(report, { color: false, width: 100 });
    expect(text).toMatch(/ search +6,000 +99\.833 % +0 +10 +6\.1 ms +17\.3 ms +40\.2 ms/);
    expect(terminal({ ...report, loads: undefined }, { color: false, width: 100 })).not.toContain('Loads');
  });

  test('tells what a violated rule means and what to do', () => {
    const text = terminal(sampleReport('invalid'), { color: false, width: 80 });
    expect(text.indexOf('Raise load.users')).toBeLessThan(text.indexOf(' Checks '));
  });
});

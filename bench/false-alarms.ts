/**
 * How often `compare` is wrong. `npm run bench:false-alarms -- [comparisons] [seed]
 * [plans]`: comparisons made of real rounds
 * that were recorded (bench/data/rounds.json), with drift and outliers on top; two minutes. `npm run bench:false-alarms
 * -- lab [comparisons]`: real comparisons of a configuration with itself; some ten minutes each. `-- record FOLDER...`
 * makes the recording anew, of runs or of the `rounds/` of comparisons.
 */
import { compareOnLab } from './false-alarms-lab.ts';
import { recordRounds } from './false-alarms-record.ts';
import { simulate } from './false-alarms-simulated.ts';

const [first, second, third] = process.argv.slice(2);
if (first === 'lab') await compareOnLab(Number(second ?? 5));
else if (first === 'record') await recordRounds(process.argv.slice(3));
else simulate(Number(first ?? 2_000), Number(second ?? 1), third === 'plans');

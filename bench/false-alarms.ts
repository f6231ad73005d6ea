/**
 * How often `compare` is wrong. `npm run bench:false-alarms -- [comparisons] [seed] [plans]`: comparisons made of real
 * rounds that were recorded (bench/data/rounds.json), with drift and outliers on top; two minutes. `-- power
 * [comparisons] [seed]`: what finds more, of the same rounds. `-- lab [comparisons]`: real comparisons of a configuration
 * with itself; a minute and a half each. `-- record FOLDER...` makes the recording anew, of runs or of the `rounds/` of
 * comparisons.
 */
import { compareOnLab } from './false-alarms-lab.ts';
import { powerOf } from './false-alarms-power.ts';
import { recordRounds } from './false-alarms-record.ts';
import { simulate } from './false-alarms-simulated.ts';

const [first, second, third] = process.argv.slice(2);
if (first === 'lab') await compareOnLab(Number(second ?? 5));
else if (first === 'record') await recordRounds(process.argv.slice(3));
else if (first === 'power') powerOf(Number(second ?? 1_000), Number(third ?? 1));
else simulate(Number(first ?? 2_000), Number(second ?? 1), third === 'plans');

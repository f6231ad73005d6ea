export {
  reasonOfGoingPast,
  reasonOfPassing,
  reasonOfPlaintextRefused,
  reasonOfRoute,
  reasonOfRouteSetting,
  reasonOfWaiting,
} from './reasons/answers.ts';
export { reasonOfCheck } from './reasons/checks.ts';
export type {
  AskedFor,
  CheckQuestion,
  Expected,
  Misbehaviour,
  Reason,
  RequestQuestion,
  Seen,
} from './reasons/question.ts';
export { reasonOfRequests } from './reasons/requests.ts';
export { matchesRequest } from './reasons/taken.ts';
export { type TextOfReason, textOfReason, textOfRequests } from './reasons/text.ts';
export { callTable, effectiveTables, renderTable, toldTable } from './table.ts';

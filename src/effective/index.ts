export { reasonOfCheck } from './reasons/checks.ts';
export type {
  AskedFor,
  CheckQuestion,
  Expected,
  Misbehaviour,
  Reason,
  RequestQuestion,
} from './reasons/question.ts';
export { reasonOfRequests } from './reasons/requests.ts';
export { type TextOfReason, textOfReason, textOfRequests } from './reasons/text.ts';
export { callTable, inboundTable, mergeTables, renderTable } from './table.ts';

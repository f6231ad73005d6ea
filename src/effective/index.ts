export { reasonOfCheck } from './reasons/checks.ts';
export type { CheckQuestion, Reason, RequestQuestion } from './reasons/question.ts';
export { reasonOfRequests } from './reasons/requests.ts';
export { textOfReason } from './reasons/text.ts';
export { callTable, inboundTable, mergeTables, renderTable } from './table.ts';

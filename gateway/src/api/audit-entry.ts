import type { NewAuditEntry } from '../access/audit-log.ts';
import type { ApiReply, ApiRequest, ApiRoute } from './route.ts';

/** What the audit log is told of a request; undefined where nothing was changed. */
export function auditEntry(
  route: ApiRoute,
  request: ApiRequest<unknown, unknown, unknown>,
  answer: ApiReply,
): NewAuditEntry | undefined {
  const { method, path, subjectOf } = route;
  if (method === 'GET' || subjectOf === false) return undefined;
  if (answer.kind === 'problem' || ('status' in answer && answer.status >= 400)) return undefined;
  return {
    actor: request.principal.name,
    address: request.channel.address,
    action: `${method} ${path}`,
    subject: subjectOf ? subjectOf(request) : parametersOf(request.params),
  };
}

function parametersOf(params: unknown): string {
  return typeof params === 'object' && params !== null ? Object.values(params).join('/') : '';
}

import { Problem } from '@fieldline/protocol';
import { Type, type TObject } from 'typebox';
import { defineRoute, json, type ApiRoute } from './route.ts';

/** Problems that every route can answer. */
const commonProblems = [400, 403, 500];

/** Generates the OpenAPI 3.1 document (which takes JSON Schema as it is) from the route table. */
export function openApiDocument(routes: readonly ApiRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fieldline gateway',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Problem },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** `GET /api/v1/openapi.json`, which describes itself too. */
export function openApiRoute(others: readonly ApiRoute[]): ApiRoute {
  const route: ApiRoute = defineRoute({
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This document.',
    access: 'open',
    answer: { status: 200, description: 'OpenAPI 3.1.', schema: Type.Object({}) },
    handle: () => json(openApiDocument([...others, route])),
  });
  return route;
}

function operation(route: ApiRoute): object {
  return {
    summary: route.summary,
    ...(route.access === 'open' ? {} : { security: [{ bearer: [] }], 'x-fieldline-role': route.access }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body ? { requestBody: { required: true, content: jsonContent(route.body) } } : {}),
    responses: responses(route),
  };
}

function parameters(schema: TObject | undefined, place: 'path' | 'query'): object[] {
  const required = new Set(schema?.required);
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: required.has(name),
    schema: property,
  }));
}

function responses({ answer, access, problems = [] }: ApiRoute): object {
  const texts = [answer.text ?? 'text/plain'].flat();
  const content = answer.schema
    ? jsonContent(answer.schema)
    : Object.fromEntries(texts.map((type) => [type, {}]));
  const statuses = [...commonProblems, ...(access === 'open' ? [] : [401]), ...problems];
  const reference = { $ref: '#/components/schemas/Problem' };
  const problem = {
    description: 'A problem.',
    content: { 'application/problem+json': { schema: reference } },
  };
  return {
    [answer.status]: { description: answer.description, content },
    ...Object.fromEntries(statuses.map((status) => [status, problem])),
  };
}

function jsonContent(schema: object): object {
  return { 'application/json': { schema: inDialect(schema) } };
}

/**
 * A schema in the dialect of OpenAPI 3.1, JSON Schema 2020-12: there a tuple is `prefixItems`, where the schemas of the code
 * say `items` with a list, as draft 7 did.
 */
function inDialect(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inDialect);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries: [string, unknown][] = Object.entries(schema);
  const isTuple = entries.some(([name, value]) => name === 'items' && Array.isArray(value));
  const written = entries.map(([name, value]): [string, unknown] => [name, inDialect(value)]);
  if (!isTuple) return Object.fromEntries(written);
  const named = new Map(written.map(([name, value]) => [name === 'items' ? 'prefixItems' : name, value]));
  const rest = named.get('additionalItems');
  named.delete('additionalItems');
  if (rest !== undefined) named.set('items', rest);
  return Object.fromEntries(named);
}

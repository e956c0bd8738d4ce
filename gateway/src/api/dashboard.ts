import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Vite names these files by their content, so they never change under their name. */
const hashedAsset = /\/assets\/[^/]+-[\w-]{8,}\.\w+$/;

/** Serves the built dashboard: hashed assets for a year, everything else asked for anew each time. */
export async function serveDashboard(server: FastifyInstance, directory: string): Promise<void> {
  await server.register(fastifyStatic, {
    root: directory,
    cacheControl: false,
    setHeaders: (response, path) => {
      const value = hashedAsset.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
      void response.header('cache-control', value);
    },
  });
}

/** Addresses of views are the dashboard's own (`/devices/greenhouse-1`): they all get its one page. */
export function isViewAddress(method: string, url: string): boolean {
  const path = url.split('?')[0] ?? '';
  return method === 'GET' && !path.startsWith('/api/') && !/\.\w+$/.test(path);
}

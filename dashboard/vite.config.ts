import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a gateway; the built dashboard talks to the origin that served it. */
const developmentGateway = process.env['FIELDLINE_GATEWAY'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // Inlined assets would be `data:` URLs, which the content security policy does not allow.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 250,
  },
  server: {
    proxy: { '/api': { target: developmentGateway, ws: true, changeOrigin: true } },
  },
});

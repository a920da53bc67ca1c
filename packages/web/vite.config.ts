// The UI's build: hashed files under assets/ (central lets browsers keep those for ever), and each packed by brotli once.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

export default defineConfig({
  plugins: [react(), preloadFont(), packByBrotli()],
  build: {
    target: 'es2023',
    // Those that know light-dark(): translated for older ones, a dark part of a light page would not be dark.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Tests and `npm run build` say where; central serves that folder.
    outDir: process.env.SKERRY_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `npx vite packages/web` beside a central on its usual port.
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8480', ws: true } } },
});

/** The text's font comes with the page, so that the first one is drawn with it. */
function preloadFont(): Plugin {
  return {
    name: 'skerry-font',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle = {} }) {
        const font = Object.keys(bundle).find((name) => /inter-latin-wght.*woff2$/.test(name));
        const attrs = {
          rel: 'preload',
          as: 'font',
          type: 'font/woff2',
          href: `/${font}`,
          crossorigin: '',
        };
        return font ? [{ tag: 'link', attrs, injectTo: 'head' }] : [];
      },
    },
  };
}

/** Central sends `NAME.br` to a browser that takes it. */
function packByBrotli(): Plugin {
  let outDir = 'dist';
  return {
    name: 'skerry-brotli',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith('/')) outDir = config.build.outDir;
    },
    closeBundle() {
      for (const name of globSync('**/*.{js,css,html,svg,webmanifest}', { cwd: outDir })) {
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        const packed = brotliCompressSync(readFileSync(join(outDir, name)), { params });
        writeFileSync(join(outDir, `${name}.br`), packed);
      }
    },
  };
}

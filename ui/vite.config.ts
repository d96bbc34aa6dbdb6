import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { words } from "./words.plugin.ts";

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

// In mode `mock` (development in a browser, and screenshots) and in tests a made-up agent stands behind the bridge.
// It is another file, so that nothing of it can reach the built page.
export default defineConfig(({ mode }) => {
  const made_up = mode === "mock" || mode === "test";
  return {
    plugins: [svelte(), words()],
    base: "./",
    resolve: {
      alias: { "#wire": path(made_up ? "./src/mock.ts" : "./src/wire.ts") },
      conditions: mode === "test" ? ["browser"] : undefined,
    },
    // The icons lie beside this folder.
    server: { fs: { allow: [path(".."), path(".")] } },
    build: {
      outDir: mode === "mock" ? "dist-mock" : "dist",
      target: "safari16",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    // `look.css` is read by a test; without this line it would be empty there.
    test: { environment: "happy-dom", include: ["src/**/*.test.ts"], restoreMocks: true, css: { include: /look\.css/ } },
  };
});

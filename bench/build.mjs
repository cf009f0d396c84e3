// Bundles the benchmark's programs beside the service's, for the same reason: Node loads many modules slowly.
import { build } from "esbuild"

await build({
  entryPoints: [
    "bench/main.ts",
    "bench/probe.ts",
    "bench/bare/main.ts",
    "bench/baseline/main.ts",
    "bench/load/main.ts",
    "bench/vendors/main.ts"
  ],
  outbase: "bench",
  outdir: "dist/bench",
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node20",
  format: "esm",
  conditions: ["source"],
  sourcemap: true,
  // CommonJS that looks for files beside itself, or is native.
  external: ["autocannon", "better-sqlite3", "fastify", "undici"],
  banner: { js: "import { createRequire as requireFrom } from \"node:module\"; const require = requireFrom(import.meta.url);" },
  logLevel: "warning"
})

// Puts each program into one file: Node spends well over a second on loading a thousand modules one by one.
import { build } from "esbuild"
import { rmSync } from "node:fs"

// Tests put theirs elsewhere.
const outdir = process.argv[2] ?? "dist/bin"
// What an earlier build has left would be shipped with it.
rmSync(outdir, { recursive: true, force: true })

await build({
  entryPoints: ["src/main.ts", "src/sandbox/main.ts", "src/cli/main.ts"],
  outbase: "src",
  outdir,
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node20",
  format: "esm",
  conditions: ["source"],
  sourcemap: true,
  // A third less to read and to hold. Profiles need the lines: READABLE=1 keeps them.
  minifyWhitespace: process.env.READABLE === undefined,
  minifySyntax: process.env.READABLE === undefined,
  // Native: it stays where npm has built it.
  external: ["better-sqlite3"],
  // Some dependencies are CommonJS and require Node's own modules.
  banner: { js: "import { createRequire as requireFrom } from \"node:module\"; const require = requireFrom(import.meta.url);" },
  logLevel: "warning"
})

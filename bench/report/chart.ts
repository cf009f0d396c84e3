import type { Results, ServerName } from "../results.ts"

const colours: Readonly<Record<ServerName, string>> = { ours: "#2563eb", baseline: "#94a3b8", bare: "#d4d4d8" }
const names: Readonly<Record<ServerName, string>> = {
  ours: "this service",
  baseline: "hand-written baseline",
  bare: "bare HttpApi endpoint"
}
const order: ReadonlyArray<ServerName> = ["ours", "baseline", "bare"]

const width = 960
const left = 330
const right = 110
const bar = 13
const gap = 14

const text = (x: number, y: number, content: string, more = "") =>
  `<text x="${x}" y="${y}" ${more}>${content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`

/** Horizontal bars; rates lie orders of magnitude apart, so the scale is logarithmic and says so. */
export const chart = ({ scenarios }: Results): string => {
  const rates = scenarios.flatMap(({ servers }) => order.flatMap((name) => servers[name]?.rate.median ?? []))
  const low = Math.log10(Math.max(1, Math.min(...rates) / 2))
  const high = Math.log10(Math.max(...rates))
  const length = (rate: number) => Math.max(1, (Math.log10(rate) - low) / (high - low) * (width - left - right))
  let y = 46
  const parts: Array<string> = []
  for (const [index, name] of order.entries()) {
    const x = left + index * 190
    parts.push(`<rect x="${x}" y="14" width="12" height="12" fill="${colours[name]}"/>`, text(x + 18, 24, names[name]))
  }
  for (const { servers, title } of scenarios) {
    const shown = order.flatMap((name) => {
      const measured = servers[name]
      return measured === undefined ? [] : [{ name, rate: measured.rate.median }]
    })
    const middle = y + shown.length * bar / 2 + 4
    parts.push(text(left - 12, middle, title, "text-anchor=\"end\""))
    for (const { name, rate } of shown) {
      const end = left + length(rate)
      parts.push(
        `<rect x="${left}" y="${y}" width="${length(rate).toFixed(1)}" height="${bar - 2}" fill="${colours[name]}"/>`,
        text(Math.round(end) + 6, y + bar - 3, Math.round(rate).toLocaleString("en"), "font-size=\"11\"")
      )
      y += bar
    }
    y += gap
  }
  parts.push(text(left, y + 8, "answers a second, logarithmic scale", "font-size=\"11\" fill=\"#64748b\""))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 24}" width="${width}" height="${y + 24}" ` +
    "font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#0f172a\">",
    `<rect width="${width}" height="${y + 24}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    ""
  ].join("\n")
}
